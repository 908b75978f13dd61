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

# Print the columns of the terminal that standard input is; those given where it says none.
terminal_columns() {
    size=$(stty size 2>/dev/null) || true
    case ${size#* } in
    '' | 0) echo "$1" ;;
    *) echo "${size#* }" ;;
    esac
}

# On a terminal one line that changes, elsewhere a line every ten seconds.
say_again_and_again() {
    pause 2
    while kill -0 $$ 2>/dev/null; do
        said="$1: $($2 2>/dev/null | cut -c 1-50)"
        if [ -t 2 ]; then
            printf '\r\033[K%.*s' $(($(terminal_columns 80 <&2) - 1)) "${said%: }" >&2
            pause 1
        else
            printf '%s\n' "${said%: }" >&2
            pause 10
        fi
    done
}

# No line is left; also for traps.  A shell that has only begun still has its parent's traps, and
# loses a signal that comes to one of them: it is killed.
sayer=
end_progress() {
    [ -n "$sayer" ] || return 0
    kill -KILL "$sayer" 2>/dev/null || true
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
