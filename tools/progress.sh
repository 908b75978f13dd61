# Read by the other tools: run a command, and say on standard error how far it is where that takes
# longer than two seconds.
# shellcheck shell=sh disable=SC2154 # the log is the caller's

# Print the last line of $log; what a command says it is doing, of a path the file's name.
last_line_of_log() {
    tr '\r' '\n' <"$log" | grep . | tail -n 1 | sed 's|[^ ]*/||g'
}

# The sleeping program has no part in our output and lock, so that nobody waits for it to end.
pause() {
    sleep "$1" >/dev/null 2>&1 9>&-
}

# A line that fits into the terminal.
say_on_terminal() {
    columns=$(stty size <&2 2>/dev/null) || true
    columns=${columns#* }
    case $columns in
    '' | 0) columns=80 ;;
    esac
    printf '\r\033[K%.*s' $((columns - 1)) "$1" >&2
}

# On a terminal one line that changes, elsewhere a line every ten seconds.
say_again_and_again() {
    pause 2
    while kill -0 $$ 2>/dev/null; do
        said="$1: $($2 2>/dev/null | cut -c 1-50)"
        if [ -t 2 ]; then
            say_on_terminal "${said%: }"
            pause 1
        else
            printf '%s\n' "${said%: }" >&2
            pause 10
        fi
    done
}

# No line is left; also for traps.
sayer=
end_progress() {
    [ -n "$sayer" ] || return 0
    kill "$sayer" 2>/dev/null || true
    wait "$sayer" 2>/dev/null || true
    sayer=
    [ ! -t 2 ] || [ $(($(date +%s) - began)) -lt 2 ] || printf '\r\033[K' >&2
}

# progress WHAT ASK COMMAND...: run the command; ASK is a command that prints how far it is.
progress() {
    what=$1 ask=$2 rc=0 began=$(date +%s)
    shift 2
    say_again_and_again "$what" "$ask" &
    sayer=$!
    "$@" || rc=$?
    end_progress
    return $rc
}
