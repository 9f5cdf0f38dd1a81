/* SPDX-License-Identifier: Apache-2.0
 *
 * ERROR_CODE(name, label, text, transient): every way in which lib/ can fail. `label` is stable and fit for a metric;
 * `transient`: trying again may help.
 */
ERROR_CODE(OK, "ok", "ok", false)
ERROR_CODE(NO_MEMORY, "no_memory", "out of memory", true)
ERROR_CODE(UNREACHABLE, "unreachable", "the server cannot be reached", true)
ERROR_CODE(TIMEOUT, "timeout", "the deadline passed", true)
ERROR_CODE(AUTH_FAILED, "auth_failed", "the server refused the credentials", false)
ERROR_CODE(FORBIDDEN, "forbidden", "the role lacks a permission", false)
ERROR_CODE(LOCKED, "locked", "locked by somebody else", true)
ERROR_CODE(CHANGED, "changed", "the object changed while it was read", true)
ERROR_CODE(NOT_FOUND, "not_found", "there is no such object", false)
ERROR_CODE(TRUNCATED, "truncated", "a limit was reached", false)
ERROR_CODE(INVALID, "invalid", "not what was expected", false)
ERROR_CODE(UNSUPPORTED, "unsupported", "not supported", false)
ERROR_CODE(IO, "io", "input or output failed", true)
ERROR_CODE(INTERNAL, "internal", "a bug in migrationd", false)
