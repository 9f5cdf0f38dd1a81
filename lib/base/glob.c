/* SPDX-License-Identifier: Apache-2.0 */
#include "base/glob.h"

#include <fnmatch.h>

bool glob_match(const char *pattern, const char *text)
{
    return fnmatch(pattern, text, 0) == 0;
}
