/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "engine/engine.h"
#include "engine/url.h"

enum { TARGET_HOSTS = 16, TARGET_PARAMETERS = 64, TARGET_BYTES = 65536 };

static void free_secret(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    mem_free(secret);
}

void engine_target_free(struct engine_target *target)
{
    if (!target)
        return;
    mem_free(target->url);
    mem_free(target->display);
    mem_free(target->server);
    mem_free(target->user);
    free_secret(target->password);
    mem_free(target->host);
    mem_free(target->port);
    mem_free(target->database);
    for (size_t i = 0; i < target->parameter_count; i++) {
        mem_free(target->parameters[i].name);
        free_secret(target->parameters[i].value);
    }
    mem_free(target->parameters);
    mem_free(target);
}

static int find_engine(struct engine_target *target, struct url_span scheme, struct error *reterr)
{
    char name[32] = "";
    if (scheme.length < sizeof name)
        for (size_t i = 0; i < scheme.length; i++)
            name[i] = (char)tolower((unsigned char)scheme.text[i]);
    target->ops = engine_for_scheme(name);
    if (target->ops)
        return 0;
    char *driver = strchr(name, '+');
    if (driver) {
        *driver = '\0';
        if (engine_for_scheme(name))
            return error_set(reterr, ERROR_INVALID, "unknown URL scheme '%s+%s': write %s://", name, driver + 1, name);
        *driver = '+';
    }
    return error_set(reterr, ERROR_INVALID,
                     "unknown URL scheme '%s': use postgresql://, mysql://, mariadb:// or sqlite://", name);
}

static int check_port(struct url_span port, struct error *reterr)
{
    unsigned number = 0;
    for (size_t i = 0; i < port.length; i++) {
        if (!isdigit((unsigned char)port.text[i]) || i >= 5)
            return error_set(reterr, ERROR_INVALID, "the URL's port is not a number from 1 to 65535");
        number = number * 10 + (unsigned)(port.text[i] - '0');
    }
    if (port.length && (number == 0 || number > 65535))
        return error_set(reterr, ERROR_INVALID, "the URL's port is not a number from 1 to 65535");
    return 0;
}

/* `host`, `host:port`, `[address]`, `[address]:port`. */
static int split_host(struct url_span part, struct url_span *ret_host, struct url_span *ret_port, struct error *reterr)
{
    const char *end = part.text + part.length;
    const char *after = NULL;
    *ret_port = (struct url_span){0};
    if (part.length && part.text[0] == '[') {
        const char *bracket = memchr(part.text, ']', part.length);
        if (!bracket || bracket == part.text + 1)
            return error_set(reterr, ERROR_INVALID, "the URL's IPv6 address has no closing bracket");
        *ret_host = (struct url_span){part.text + 1, (size_t)(bracket - part.text - 1)};
        after = bracket + 1;
        if (after < end && *after != ':')
            return error_set(reterr, ERROR_INVALID, "the URL's IPv6 address is followed by something else than a port");
    } else {
        after = part.length ? memchr(part.text, ':', part.length) : NULL;
        after = after ? after : end;
        *ret_host = (struct url_span){part.text, (size_t)(after - part.text)};
        if (after < end && memchr(after + 1, ':', (size_t)(end - after - 1)))
            return error_set(reterr, ERROR_INVALID, "an IPv6 address in a URL needs brackets: [::1]");
    }
    if (after < end)
        *ret_port = (struct url_span){after + 1, (size_t)(end - after - 1)};
    return check_port(*ret_port, reterr);
}

static int parse_hosts(struct engine_target *target, struct url_span hosts, struct error *reterr)
{
    cleanup(strbuf) struct strbuf host_list = STRBUF(TARGET_BYTES);
    cleanup(strbuf) struct strbuf port_list = STRBUF(TARGET_BYTES);
    struct url_span part = {0};
    bool any_host = false;
    bool any_port = false;
    for (size_t count = 0; hosts.text && url_next_part(&hosts, ',', &part); count++) {
        if (count == TARGET_HOSTS)
            return error_set(reterr, ERROR_INVALID, "the URL names more than %d hosts", TARGET_HOSTS);
        struct url_span host = {0};
        struct url_span port = {0};
        if (split_host(part, &host, &port, reterr) < 0)
            return -1;
        cleanup(free) char *text = NULL;
        if (url_decode(host, "the host", &text, reterr) < 0)
            return -1;
        if (count > 0) {
            strbuf_add_char(&host_list, ',');
            strbuf_add_char(&port_list, ',');
        }
        strbuf_add_string(&host_list, text);
        strbuf_add(&port_list, port.length ? port.text : "", port.length);
        any_host = any_host || *text || count > 0;
        any_port = any_port || port.length > 0;
    }
    if (any_host && !(target->host = strbuf_steal(&host_list)))
        return error_no_memory(reterr);
    if (any_port && !(target->port = strbuf_steal(&port_list)))
        return error_no_memory(reterr);
    return 0;
}

/* Parameters that mean the same as a part of the URL take that part's place, as libpq has it. */
static char **named_part(struct engine_target *target, const char *name)
{
    static const char *const names[] = {"host", "port", "user", "password", "dbname"};
    char **parts[] = {&target->host, &target->port, &target->user, &target->password, &target->database};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strcmp(names[i], name) == 0)
            return parts[i];
    return NULL;
}

static int add_parameter(struct engine_target *target, char **name, char **value, struct error *reterr)
{
    for (size_t i = 0; i < target->parameter_count; i++)
        if (strcmp(target->parameters[i].name, *name) == 0)
            return error_set(reterr, ERROR_INVALID, "parameter '%s' stands twice in the URL", *name);
    if (target->parameter_count == TARGET_PARAMETERS)
        return error_set(reterr, ERROR_INVALID, "the URL has more than %d parameters", TARGET_PARAMETERS);
    struct engine_parameter *parameters =
        mem_resize(target->parameters, target->parameter_count + 1, sizeof *target->parameters);
    if (!parameters)
        return error_no_memory(reterr);
    target->parameters = parameters;
    parameters[target->parameter_count++] = (struct engine_parameter){.name = take(*name), .value = take(*value)};
    return 0;
}

static int parse_parameters(struct engine_target *target, struct url_span query, bool has_server, struct error *reterr)
{
    struct url_span name = {0};
    struct url_span value = {0};
    while (url_next_parameter(&query, &name, &value)) {
        cleanup(free) char *name_text = NULL;
        cleanup(free) char *value_text = NULL;
        if (url_decode(name, "a parameter's name", &name_text, reterr) < 0 ||
            url_decode(value, "a parameter's value", &value_text, reterr) < 0)
            return -1;
        char **part = has_server ? named_part(target, name_text) : NULL;
        if (!part) {
            if (add_parameter(target, &name_text, &value_text, reterr) < 0)
                return -1;
            continue;
        }
        if (part == &target->port && check_port((struct url_span){value_text, strlen(value_text)}, reterr) < 0)
            return -1;
        free_secret(*part);
        *part = *value_text ? take(value_text) : NULL;
    }
    return 0;
}

static int decode_part(struct url_span span, const char *what, char **ret_text, struct error *reterr)
{
    return span.length ? url_decode(span, what, ret_text, reterr) : 0;
}

static int parse_server_url(struct engine_target *target, const struct url_parts *parts, struct error *reterr)
{
    struct url_span path = parts->path;
    if (path.length && memchr(path.text, '@', path.length))
        return error_set(reterr, ERROR_INVALID,
                         "'/' and '@' inside user, password and database must be written %%2F and %%40 in a URL");
    if (path.length) {
        path.text++;
        path.length--;
    }
    if (path.length && memchr(path.text, '/', path.length))
        return error_set(reterr, ERROR_INVALID, "the URL's path is not the name of one database");
    if (decode_part(parts->user, "the user", &target->user, reterr) < 0 ||
        decode_part(parts->password, "the password", &target->password, reterr) < 0 ||
        decode_part(path, "the database", &target->database, reterr) < 0 ||
        parse_hosts(target, parts->hosts, reterr) < 0)
        return -1;
    return parse_parameters(target, parts->query, true, reterr);
}

static int parse_file_url(struct engine_target *target, const struct url_parts *parts, struct error *reterr)
{
    if (parts->hosts.length || parts->user.text)
        return error_set(reterr, ERROR_INVALID, "a SQLite URL has no host: write sqlite:///path/to/file");
    cleanup(free) char *path = NULL;
    if (parts->path.length < 2)
        return error_set(reterr, ERROR_INVALID, "a SQLite URL names a file: sqlite:///path/to/file");
    if (url_decode(parts->path, "the path", &path, reterr) < 0)
        return -1;
    if (strstr(path, ":memory:"))
        return error_set(reterr, ERROR_INVALID, "a database in another program's memory cannot be observed");
    bool doubled = path[1] == '/';
    bool relative = !doubled && access(path, F_OK) != 0 && access(path + 1, F_OK) == 0;
    target->database = mem_strdup(doubled || relative ? path + 1 : path);
    if (!target->database)
        return error_no_memory(reterr);
    return parse_parameters(target, parts->query, false, reterr);
}

/* The URL without password and secret parameters. */
static char *bare_url(const struct url_parts *parts)
{
    cleanup(strbuf) struct strbuf out = STRBUF(TARGET_BYTES);
    strbuf_add(&out, parts->scheme.text, parts->scheme.length);
    strbuf_add_string(&out, "://");
    if (parts->user.text) {
        strbuf_add(&out, parts->user.text, parts->user.length);
        strbuf_add_char(&out, '@');
    }
    strbuf_add(&out, parts->hosts.text, parts->hosts.length);
    if (parts->path.text)
        strbuf_add(&out, parts->path.text, parts->path.length);
    struct url_span rest = parts->query;
    struct url_span name = {0};
    struct url_span value = {0};
    char separator = '?';
    while (url_next_parameter(&rest, &name, &value)) {
        if (url_is_secret(name))
            continue;
        strbuf_add_char(&out, separator);
        strbuf_add(&out, name.text, name.length);
        strbuf_add_char(&out, '=');
        strbuf_add(&out, value.text, value.length);
        separator = '&';
    }
    return strbuf_steal(&out);
}

/* host:port pairs, brackets around IPv6, the engine's default where the URL says nothing. */
static void add_address(struct strbuf *out, const struct engine_target *target)
{
    const char *fallback = target->ops->default_port ? target->ops->default_port : "";
    const char *hosts_text = target->host ? target->host : "";
    const char *ports_text = target->port ? target->port : "";
    struct url_span hosts = {hosts_text, strlen(hosts_text)};
    struct url_span ports = {ports_text, strlen(ports_text)};
    bool one_port = !strchr(ports_text, ',');
    struct url_span host = {0};
    struct url_span port = {0};
    for (bool first = true; url_next_part(&hosts, ',', &host); first = false) {
        if (first || !one_port)
            port = url_next_part(&ports, ',', &port) ? port : (struct url_span){0};
        bool brackets = host.length && memchr(host.text, ':', host.length);
        strbuf_add_string(out, first ? "" : ",");
        strbuf_add_string(out, brackets ? "[" : "");
        strbuf_add(out, host.length ? host.text : "local", host.length ? host.length : strlen("local"));
        strbuf_add_string(out, brackets ? "]:" : ":");
        strbuf_add(out, port.length ? port.text : fallback, port.length ? port.length : strlen(fallback));
    }
}

static int describe(struct engine_target *target, struct error *reterr)
{
    cleanup(strbuf) struct strbuf display = STRBUF(TARGET_BYTES);
    cleanup(strbuf) struct strbuf server = STRBUF(TARGET_BYTES);
    strbuf_printf(&display, "%s ", target->ops->name);
    strbuf_printf(&server, "%s:", target->ops->name);
    if (target->ops->default_port) {
        add_address(&display, target);
        add_address(&server, target);
        if (target->database)
            strbuf_printf(&display, "/%s", target->database);
    } else {
        strbuf_add_string(&display, target->database);
        strbuf_add_string(&server, target->database);
    }
    target->display = strbuf_steal(&display);
    target->server = strbuf_steal(&server);
    return target->display && target->server ? 0 : error_no_memory(reterr);
}

const char *engine_target_engine(const struct engine_target *target)
{
    static const char mariadb[] = "mariadb";
    bool named = strncmp(target->url, mariadb, strlen(mariadb)) == 0;
    return named ? mariadb : target->ops->name;
}

int engine_target_parse(const char *url, struct engine_target **ret_target, struct error *reterr)
{
    struct url_parts parts = {0};
    if (url_split(url, &parts, reterr) < 0)
        return -1;
    cleanup(engine_target) struct engine_target *target = mem_calloc(1, sizeof *target);
    if (!target)
        return error_no_memory(reterr);
    if (find_engine(target, parts.scheme, reterr) < 0)
        return -1;
    int status =
        target->ops->default_port ? parse_server_url(target, &parts, reterr) : parse_file_url(target, &parts, reterr);
    if (status < 0)
        return -1;
    target->url = bare_url(&parts);
    if (!target->url)
        return error_no_memory(reterr);
    if (describe(target, reterr) < 0)
        return -1;
    *ret_target = take(target);
    return 0;
}

static int copy_text(const char *text, char **ret_copy)
{
    *ret_copy = mem_strdup(text);
    return text && !*ret_copy ? -1 : 0;
}

static int copy_parameters(const struct engine_target *target, struct engine_target *copy)
{
    copy->parameters = mem_calloc(target->parameter_count, sizeof *copy->parameters);
    if (!copy->parameters)
        return -1;
    for (size_t i = 0; i < target->parameter_count; i++) {
        copy->parameter_count++;
        if (copy_text(target->parameters[i].name, &copy->parameters[i].name) < 0 ||
            copy_text(target->parameters[i].value, &copy->parameters[i].value) < 0)
            return -1;
    }
    return 0;
}

int engine_target_copy(const struct engine_target *target, const char *password, struct engine_target **ret_target,
                       struct error *reterr)
{
    cleanup(engine_target) struct engine_target *copy = mem_calloc(1, sizeof *copy);
    if (!copy)
        return error_no_memory(reterr);
    copy->ops = target->ops;
    if (copy_text(target->url, &copy->url) < 0 || copy_text(target->display, &copy->display) < 0 ||
        copy_text(target->server, &copy->server) < 0 || copy_text(target->user, &copy->user) < 0 ||
        copy_text(password, &copy->password) < 0 || copy_text(target->host, &copy->host) < 0 ||
        copy_text(target->port, &copy->port) < 0 || copy_text(target->database, &copy->database) < 0 ||
        copy_parameters(target, copy) < 0)
        return error_no_memory(reterr);
    *ret_target = take(copy);
    return 0;
}
