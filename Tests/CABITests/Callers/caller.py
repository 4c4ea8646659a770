"""As caller.c, through ctypes: caller.py LIBRARY POLICY STATE REFERENCE..."""

import ctypes
import select
import sys
import threading
from ctypes import POINTER, byref, c_char_p, c_int, c_int64, c_size_t, c_uint64, c_void_p

AUDIT = ctypes.CFUNCTYPE(None, c_char_p, c_void_p)
RELEASE = ctypes.CFUNCTYPE(None, c_void_p)
COMPLETION = ctypes.CFUNCTYPE(None, c_void_p, c_void_p)


class Options(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t), ("policy_path", c_char_p), ("state_path", c_char_p), ("credentials_path", c_char_p),
        ("helper_environment", POINTER(c_char_p)), ("certificate_authorities_path", c_char_p), ("http_proxy", c_char_p),
        ("https_proxy", c_char_p), ("no_proxy", c_char_p), ("user_agent", c_char_p), ("maximum_age", c_int64),
        ("timeout_ms", c_int64), ("audit", AUDIT), ("audit_context", c_void_p), ("audit_release", RELEASE),
        ("flags", c_uint64),
    ]


library = ctypes.CDLL(sys.argv[1])


def function(name, result, *arguments):
    found = getattr(library, "contenttrust_" + name)
    found.restype, found.argtypes = result, arguments
    return found


error_message = function("error_message", c_char_p, c_void_p)
error_free = function("error_free", None, c_void_p)
verifier_create = function("verifier_create", c_void_p, POINTER(Options), POINTER(c_void_p))
verifier_free = function("verifier_free", None, c_void_p)
decide = function("decide", c_void_p, c_void_p, c_char_p, c_char_p, c_char_p, POINTER(c_void_p))
decide_async = function(
    "decide_async", c_void_p, c_void_p, c_char_p, c_char_p, c_char_p, COMPLETION, c_void_p, POINTER(c_void_p))
descriptor = function("request_descriptor", c_int, c_void_p)
result = function("request_result", c_void_p, c_void_p, POINTER(c_void_p))
request_free = function("request_free", None, c_void_p)
decision_free = function("decision_free", None, c_void_p)
reason = function("decision_reason", c_char_p, c_void_p)
exit_code = function("decision_exit_code", c_int, c_void_p)
image = function("decision_image", c_char_p, c_void_p)


def check(error):
    if error:
        message = error_message(error).decode()
        error_free(error)
        raise SystemExit(message)


def show(way, decision):
    print(way, reason(decision).decode(), exit_code(decision), (image(decision) or b"-").decode())
    decision_free(decision)


records = []
audit = AUDIT(lambda record, context: records.append(record))
released = threading.Event()
release = RELEASE(lambda context: released.set())
options = Options(
    size=ctypes.sizeof(Options), policy_path=sys.argv[2].encode(), state_path=sys.argv[3].encode(), maximum_age=60,
    audit=audit, audit_release=release)
verifier = c_void_p()
check(verifier_create(byref(options), byref(verifier)))
for reference in sys.argv[4:]:
    decision = c_void_p()
    check(decide(verifier, reference.encode(), None, b"caller.py", byref(decision)))
    show("blocking", decision)

    answers, there = [], threading.Event()
    completion = COMPLETION(lambda decision, context: (answers.append(decision), there.set()))
    check(decide_async(verifier, reference.encode(), None, None, completion, None, None))
    assert there.wait(60)
    show("completion", answers[0])

    request = c_void_p()
    check(decide_async(verifier, reference.encode(), None, None, COMPLETION(), None, byref(request)))
    poll = select.poll()
    poll.register(descriptor(request), select.POLLIN)
    assert poll.poll(60000)
    check(result(request, byref(decision)))
    show("descriptor", decision)
    request_free(request)
verifier_free(verifier)
assert released.wait(60)
assert len(records) == 3 * len(sys.argv[4:])
for record in records:
    print("record", record.decode())
