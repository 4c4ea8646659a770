/* Asks about one image with some options, and prints the reason; the error's, where no verifier can be made.
 *
 *     settings POLICY STATE REFERENCE [NAME=VALUE]...
 */
#include <contenttrust.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(contenttrust_error *error)
{
    if (error == NULL)
        return;
    printf("error %s: %s\n", contenttrust_error_reason(error), contenttrust_error_message(error));
    contenttrust_error_free(error);
    exit(0);
}

static int set(contenttrust_options *options, char *argument)
{
    char *value = strchr(argument, '=');
    if (value == NULL)
        return 0;
    *value++ = 0;
    if (strcmp(argument, "maximum_age") == 0)
        options->maximum_age = atoll(value);
    else if (strcmp(argument, "credentials_path") == 0)
        options->credentials_path = value;
    else if (strcmp(argument, "certificate_authorities_path") == 0)
        options->certificate_authorities_path = value;
    else if (strcmp(argument, "https_proxy") == 0)
        options->https_proxy = value;
    else if (strcmp(argument, "no_proxy") == 0)
        options->no_proxy = value;
    else
        return 0;
    return 1;
}

int main(int count, char **arguments)
{
    if (count < 4)
        return 64;
    contenttrust_options options = CONTENTTRUST_OPTIONS_INIT;
    options.policy_path = arguments[1];
    options.state_path = arguments[2];
    for (int i = 4; i < count; i++)
        if (!set(&options, arguments[i]))
            return 64;
    contenttrust_verifier *verifier = NULL;
    check(contenttrust_verifier_create(&options, &verifier));
    contenttrust_decision *decision = NULL;
    check(contenttrust_decide(verifier, arguments[3], NULL, NULL, &decision));
    const char *found = contenttrust_decision_found(decision);
    printf("%s: %s\n", contenttrust_decision_reason(decision), found == NULL ? "-" : found);
    contenttrust_decision_free(decision);
    contenttrust_verifier_free(verifier);
    return 0;
}
