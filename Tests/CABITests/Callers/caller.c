/* Asks about images in each of the three ways. Prints a line for each: WAY REASON EXIT IMAGE.
 *
 *     caller POLICY STATE REFERENCE...
 */
#include <contenttrust.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(contenttrust_error *error)
{
    if (error == NULL)
        return;
    fprintf(stderr, "%s: %s\n", contenttrust_error_reason(error), contenttrust_error_message(error));
    contenttrust_error_free(error);
    exit(70);
}

static void show(const char *way, const contenttrust_decision *decision)
{
    const char *image = contenttrust_decision_image(decision);
    printf("%s %s %d %s\n", way, contenttrust_decision_reason(decision), contenttrust_decision_exit_code(decision),
           image == NULL ? "-" : image);
    /* Every accessor, so that valgrind and the sanitizer see each of them. */
    const char *texts[] = {
        contenttrust_decision_admission(decision), contenttrust_decision_digest(decision),
        contenttrust_decision_tag(decision),       contenttrust_decision_media_type(decision),
        contenttrust_decision_index(decision),     contenttrust_decision_checked(decision),
        contenttrust_decision_found(decision),     contenttrust_decision_expected(decision),
        contenttrust_decision_next(decision),      contenttrust_decision_json(decision),
    };
    size_t length = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        length += texts[i] == NULL ? 0 : strlen(texts[i]);
    int trusted = image != NULL;
    if (length == 0 || trusted != (texts[1] != NULL) || trusted != (texts[2] != NULL) || trusted != (texts[3] != NULL) ||
        trusted != (contenttrust_decision_size(decision) > 0) || trusted == (texts[5] != NULL) ||
        trusted == (texts[6] != NULL) || contenttrust_decision_is_admitted(decision) != (texts[0] != NULL) ||
        texts[9] == NULL) {
        fprintf(stderr, "the parts of a decision do not fit: %s\n", texts[9]);
        exit(70);
    }
}

struct waiting {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    contenttrust_decision *decision;
};

static void completed(contenttrust_decision *decision, void *context)
{
    struct waiting *waiting = context;
    pthread_mutex_lock(&waiting->lock);
    waiting->decision = decision;
    pthread_cond_signal(&waiting->changed);
    pthread_mutex_unlock(&waiting->lock);
}

int main(int count, char **arguments)
{
    if (count < 4 || contenttrust_abi_version() != CONTENTTRUST_ABI_VERSION ||
        strcmp(contenttrust_version(), CONTENTTRUST_VERSION) != 0)
        return 64;
    contenttrust_options options = CONTENTTRUST_OPTIONS_INIT;
    options.policy_path = arguments[1];
    options.state_path = arguments[2];
    options.user_agent = "caller.c";
    contenttrust_verifier *verifier;
    check(contenttrust_verifier_create(&options, &verifier));
    for (int i = 3; i < count; i++) {
        contenttrust_decision *decision;
        check(contenttrust_decide(verifier, arguments[i], NULL, "caller.c", &decision));
        show("blocking", decision);
        contenttrust_decision_free(decision);

        struct waiting waiting = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL};
        check(contenttrust_decide_async(verifier, arguments[i], NULL, NULL, completed, &waiting, NULL));
        pthread_mutex_lock(&waiting.lock);
        while (waiting.decision == NULL)
            pthread_cond_wait(&waiting.changed, &waiting.lock);
        pthread_mutex_unlock(&waiting.lock);
        show("completion", waiting.decision);
        contenttrust_decision_free(waiting.decision);

        contenttrust_request *request;
        check(contenttrust_decide_async(verifier, arguments[i], NULL, NULL, NULL, NULL, &request));
        struct pollfd event = {contenttrust_request_descriptor(request), POLLIN, 0};
        if (poll(&event, 1, 60000) != 1 || event.revents != POLLIN) {
            fprintf(stderr, "the descriptor does not become readable\n");
            return 70;
        }
        check(contenttrust_request_result(request, &decision));
        show("descriptor", decision);
        contenttrust_decision_free(decision);
        contenttrust_request_free(request);
    }
    contenttrust_verifier_free(verifier);
    return 0;
}
