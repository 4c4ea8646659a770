// As caller.c, as C++ would have it.
#include <contenttrust.h>
#include <future>
#include <iostream>
#include <memory>
#include <poll.h>
#include <stdexcept>
#include <string>

namespace {

struct Deleter {
    void operator()(contenttrust_verifier *verifier) const { contenttrust_verifier_free(verifier); }
    void operator()(contenttrust_decision *decision) const { contenttrust_decision_free(decision); }
    void operator()(contenttrust_request *request) const { contenttrust_request_free(request); }
    void operator()(contenttrust_error *error) const { contenttrust_error_free(error); }
};
template <typename Handle> using Owned = std::unique_ptr<Handle, Deleter>;

void check(contenttrust_error *error)
{
    if (Owned<contenttrust_error> owned{error})
        throw std::runtime_error(contenttrust_error_message(owned.get()));
}

void show(const char *way, Owned<contenttrust_decision> decision)
{
    const char *image = contenttrust_decision_image(decision.get());
    std::cout << way << ' ' << contenttrust_decision_reason(decision.get()) << ' '
              << contenttrust_decision_exit_code(decision.get()) << ' ' << (image ? image : "-") << '\n';
}

void completed(contenttrust_decision *decision, void *context)
{
    static_cast<std::promise<contenttrust_decision *> *>(context)->set_value(decision);
}

} // namespace

int main(int count, char **arguments)
try {
    contenttrust_options options = CONTENTTRUST_OPTIONS_INIT;
    options.policy_path = arguments[1];
    options.state_path = arguments[2];
    contenttrust_verifier *made = nullptr;
    check(contenttrust_verifier_create(&options, &made));
    Owned<contenttrust_verifier> verifier{made};
    for (int i = 3; i < count; i++) {
        contenttrust_decision *decision = nullptr;
        check(contenttrust_decide(verifier.get(), arguments[i], nullptr, "caller.cc", &decision));
        show("blocking", Owned<contenttrust_decision>{decision});

        std::promise<contenttrust_decision *> promise;
        check(contenttrust_decide_async(verifier.get(), arguments[i], nullptr, nullptr, completed, &promise, nullptr));
        show("completion", Owned<contenttrust_decision>{promise.get_future().get()});

        contenttrust_request *started = nullptr;
        check(contenttrust_decide_async(verifier.get(), arguments[i], nullptr, nullptr, nullptr, nullptr, &started));
        Owned<contenttrust_request> request{started};
        pollfd event{contenttrust_request_descriptor(request.get()), POLLIN, 0};
        if (poll(&event, 1, 60000) != 1)
            throw std::runtime_error("the descriptor does not become readable");
        check(contenttrust_request_result(request.get(), &decision));
        show("descriptor", Owned<contenttrust_decision>{decision});
    }
} catch (const std::exception &error) {
    std::cerr << error.what() << '\n';
    return 70;
}
