// As caller.c, in Go.
package main

/*
#cgo pkg-config: contenttrust
#include <contenttrust.h>
#include <poll.h>
#include <stdlib.h>

extern void completed(contenttrust_decision *decision, void *context);

static contenttrust_options defaults(void)
{
	contenttrust_options options = CONTENTTRUST_OPTIONS_INIT;
	return options;
}
*/
import "C"

import (
	"fmt"
	"os"
	"runtime/cgo"
	"unsafe"
)

//export completed
func completed(decision *C.contenttrust_decision, context unsafe.Pointer) {
	(*(*cgo.Handle)(context)).Value().(chan *C.contenttrust_decision) <- decision
}

func check(err *C.contenttrust_error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, C.GoString(C.contenttrust_error_message(err)))
		C.contenttrust_error_free(err)
		os.Exit(70)
	}
}

func show(way string, decision *C.contenttrust_decision) {
	defer C.contenttrust_decision_free(decision)
	image := "-"
	if text := C.contenttrust_decision_image(decision); text != nil {
		image = C.GoString(text)
	}
	fmt.Println(way, C.GoString(C.contenttrust_decision_reason(decision)), C.contenttrust_decision_exit_code(decision), image)
}

func main() {
	options := C.defaults()
	options.policy_path = C.CString(os.Args[1])
	options.state_path = C.CString(os.Args[2])
	var verifier *C.contenttrust_verifier
	check(C.contenttrust_verifier_create(&options, &verifier))
	C.free(unsafe.Pointer(options.policy_path))
	C.free(unsafe.Pointer(options.state_path))
	defer C.contenttrust_verifier_free(verifier)
	for _, argument := range os.Args[3:] {
		reference := C.CString(argument)
		var decision *C.contenttrust_decision
		check(C.contenttrust_decide(verifier, reference, nil, nil, &decision))
		show("blocking", decision)

		answers := make(chan *C.contenttrust_decision)
		handle := cgo.NewHandle(answers)
		context := C.malloc(C.size_t(unsafe.Sizeof(handle)))
		*(*cgo.Handle)(context) = handle
		callback := C.contenttrust_completion_callback(C.completed)
		check(C.contenttrust_decide_async(verifier, reference, nil, nil, callback, context, nil))
		show("completion", <-answers)
		handle.Delete()
		C.free(context)

		var request *C.contenttrust_request
		check(C.contenttrust_decide_async(verifier, reference, nil, nil, nil, nil, &request))
		event := C.struct_pollfd{fd: C.contenttrust_request_descriptor(request), events: C.POLLIN}
		if C.poll(&event, 1, 60000) != 1 {
			fmt.Fprintln(os.Stderr, "the descriptor does not become readable")
			os.Exit(70)
		}
		check(C.contenttrust_request_result(request, &decision))
		show("descriptor", decision)
		C.contenttrust_request_free(request)
		C.free(unsafe.Pointer(reference))
	}
}
