# SPDX-License-Identifier: Apache-2.0
"""Completion as the shells themselves do it: a line, and what they offer for its last word."""

import os
import pty
import re
import select
import shutil
import subprocess

from .daemon import slowdown
from .manual import manual_folder

BASH = """
source "$1"
shift
COMP_LINE=$1 COMP_POINT=${#1} COMP_CWORD=$(($# - 2))
COMP_WORDS=("${@:2}")
program=${COMP_WORDS[0]##*/}
function=$(complete -p "$program" | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
"$function" "$program" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
((${#COMPREPLY[@]} == 0)) || printf '%s\\n' "${COMPREPLY[@]}"
"""


def shell(name):
    return shutil.which(name)


def lines_of(command, **keywords):
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **keywords)
    assert result.returncode == 0 and not result.stderr, result.stderr
    return [line for line in result.stdout.splitlines() if line]


def bash_words(line):
    """As readline splits them: at blanks, and around what stands in COMP_WORDBREAKS."""
    words = re.findall(r"[=:]+|[^\s=:]+", line)
    return words if line[-1:].strip() and line[-1] not in "=:" else [*words, ""]


def complete_in_bash(line, **keywords):
    program = line.split()[0].rsplit("/", 1)[-1]
    script = manual_folder() / "bash" / program
    return lines_of(["bash", "--norc", "-c", BASH, "bash", script, line, *bash_words(line)], **keywords)


def complete_in_fish(line, **keywords):
    script = manual_folder() / "fish" / f"{line.split()[0]}.fish"
    command = ["fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", "--", script, line]
    return [found.split("\t")[0] for found in lines_of(command, **keywords)]


ZSH_SETTINGS = """
PS1=
fpath=({scripts} $fpath)
autoload -U compinit
compinit -u -D
zstyle ':completion:*' verbose no
bindkey '^I' list-choices
finish() {{ print -r -- $'\\nE''ND' }}
zle -N finish
bindkey '^X' finish
stty -echo columns 200
"""


def read_until(descriptor, mark):
    """What the shell wrote before the mark."""
    data = b""
    while mark not in data:
        ready, _, _ = select.select([descriptor], [], [], 60 * slowdown())
        assert ready, data
        data += os.read(descriptor, 65536)
    return data[: data.index(mark)].decode(errors="replace")


def complete_in_zsh(line, folder):
    """The words that an interactive zsh shows for the line, those of the line itself among them. `folder` is for its
    settings: they are read before the first key."""
    (folder / ".zshrc").write_text(ZSH_SETTINGS.format(scripts=manual_folder() / "zsh"))
    environment = {**os.environ, "ZDOTDIR": str(folder), "TERM": "dumb"}
    master, slave = pty.openpty()
    with subprocess.Popen(["zsh", "-d", "-i"], stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True) as process:
        os.close(slave)
        try:
            os.write(master, f"{line}\t\x18".encode())
            return set(read_until(master, b"END").split())
        finally:
            process.kill()
            os.close(master)
