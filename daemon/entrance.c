/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/entrance.h"

int entrance_read(const struct config *config, struct entrance_keys *ret_keys, struct error *reterr)
{
    cleanup(entrance_keys) struct entrance_keys keys = {0};
    if (access_tokens_read(config, &keys.tokens, reterr) < 0)
        return -1;
    if (config->tls.certificate && tls_identity_load(&config->tls, &keys.identity, reterr) < 0)
        return -1;
    *ret_keys = (struct entrance_keys){.tokens = take(keys.tokens), .identity = take(keys.identity)};
    return 0;
}

void entrance_keys_done(struct entrance_keys *keys)
{
    access_tokens_unref(take(keys->tokens));
    tls_identity_unref(take(keys->identity));
}

static void remark_listener(const char *key, const struct config_listener *listener, bool tls,
                            void (*say)(const char *text))
{
    if (listener->loopback || tls)
        return;
    cleanup(strbuf) struct strbuf text = STRBUF(512);
    strbuf_printf(&text,
                  "tokens that are sent to '%s' (%s) can be read on the way: it speaks no TLS; give it a certificate "
                  "with 'tls', or put a proxy that has one in front of a loopback address",
                  key, listener->text);
    say(strbuf_text(&text));
}

void entrance_remarks(const struct config *config, const struct entrance_keys *keys, int64_t unix_seconds,
                      void (*say)(const char *text))
{
    bool tls = config->tls.certificate != NULL;
    if (config->token_count > 0) {
        remark_listener("listen", &config->listen, tls, say);
        remark_listener("probe_listen", &config->probe_listen, tls && !config->tls.plain_probes, say);
    }
    cleanup(strbuf) struct strbuf text = STRBUF(8192);
    if (keys->identity)
        tls_identity_remark(keys->identity, unix_seconds, &text);
    if (text.length > 0)
        say(strbuf_text(&text));
}

int entrance_init(struct entrance *entrance, struct entrance_keys *keys, struct error *reterr)
{
    entrance->access = access_new();
    if (!entrance->access)
        return error_no_memory(reterr);
    access_tokens_unref(access_exchange(entrance->access, take(keys->tokens)));
    if (!keys->identity)
        return 0;
    entrance->tls = tls_new(take(keys->identity));
    return entrance->tls ? 0 : error_no_memory(reterr);
}

void entrance_done(struct entrance *entrance)
{
    access_free(take(entrance->access));
    tls_free(take(entrance->tls));
}

void entrance_exchange(struct entrance *entrance, struct entrance_keys *keys)
{
    keys->tokens = access_exchange(entrance->access, keys->tokens);
    if (entrance->tls && keys->identity)
        keys->identity = tls_exchange(entrance->tls, keys->identity);
}
