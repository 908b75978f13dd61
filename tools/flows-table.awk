# Print the lines of flows-rows.awk, which are sorted, as a table, and a line of totals.  -v width=:
# so many columns of a terminal, 0 for as many as need be; -v top=: so many flows, all if empty;
# -v wide=1: all columns.

# How many characters a text has: its bytes but for those that go on with one.
function width_of(text) {
    gsub(/[\200-\277]/, "", text)
    return length(text)
}

function padded(text, size, is_left,    blanks) {
    blanks = sprintf("%" size "s", "")
    blanks = substr(blanks, 1, size - width_of(text))
    return is_left ? text blanks : blanks text
}

# A text in no more characters: of an address the end says more than the middle.
function clipped(text, size,    n, i, byte, letter, tail, result) {
    n = width_of(text)
    if (n <= size) return text
    tail = int((size - 1) * 2 / 3)
    if (n == length(text)) return substr(text, 1, size - 1 - tail) "…" substr(text, n - tail + 1)
    n = 0
    for (i = 1; i <= length(text); i++) {
        byte = substr(text, i, 1)
        if (byte >= "\200" && byte < "\300" && n) letter[n] = letter[n] byte
        else letter[++n] = byte
    }
    result = ""
    for (i = 1; i <= size - 1 - tail; i++) result = result letter[i]
    result = result "…"
    for (i = n - tail + 1; i <= n; i++) result = result letter[i]
    return result
}

# Three digits: 1.23, 12.3, 123.
function three_digits(number) {
    return sprintf(number < 9.995 ? "%.2f" : number < 99.95 ? "%.1f" : "%.0f", number)
}

function bytes_text(number,    unit) {
    if (number < 1000) return sprintf("%d B", number)
    for (unit = 1; (number /= 1000) >= 999.5 && unit < 6; unit++);
    return sprintf(number < 99.95 ? "%.1f" : "%.0f", number) " " substr("kMGTPE", unit, 1) "B"
}

function time_text(seconds,    sign, whole) {
    if (seconds < 0) { sign = "-"; seconds = -seconds }
    if (seconds == 0) return "0 s"
    if (seconds < 0.0000009995) return sign sprintf("%.0f ns", seconds * 1e9)
    if (seconds < 0.0009995) return sign three_digits(seconds * 1e6) " µs"
    if (seconds < 0.9995) return sign three_digits(seconds * 1e3) " ms"
    if (seconds < 59.95) return sign three_digits(seconds) " s"
    whole = int(seconds + 0.5)
    if (whole < 3600) return sign sprintf("%d min %02d s", whole / 60, whole % 60)
    whole = int(seconds / 60 + 0.5)
    if (whole < 1440) return sign sprintf("%d h %02d min", whole / 60, whole % 60)
    whole = int(seconds / 3600 + 0.5)
    return sign sprintf("%d d %02d h", whole / 24, whole % 24)
}

function text_of(kind, raw) {
    if (raw == "") return "-"
    if (kind == "bytes") return bytes_text(raw)
    if (kind == "time") return time_text(raw)
    if (kind == "start") return time_text(raw - first_start)
    return raw
}

function counted(number, what) {
    return sprintf("%.0f %s%s", number, what, number == 1 ? "" : "s")
}

# One column: its title, the place in a line, its kind, whether only the wide table has it.
function add(title, place, kind, is_wide) {
    if (is_wide && !wide) return
    if (place && !filled[place]) return
    columns++
    title_of[columns] = title
    place_of[columns] = place
    kind_of[columns] = kind
}

function choose_columns() {
    add("Flow", 5, "number", 1)
    add("Protocol", 6, "text")
    add("Source", 7, "text")
    add("", 0, "arrow")
    add("Destination", 8, "text")
    add("Application", 9, "text")
    add("Host", 10, "text", 1)
    add("Packets", 11, "number")
    add("Packets up", 12, "number", 1)
    add("Packets down", 13, "number", 1)
    add("Bytes", 14, "bytes")
    add("Bytes up", 15, "bytes", 1)
    add("Bytes down", 16, "bytes", 1)
    add("Start", 17, "start", 1)
    add("Duration", 18, "time")
    add("RTT", 19, "time")
    add("State", 20, "text")
    add("Retrans.", 21, "number")
    add("Encapsulation", 22, "text", 1)
    add("End", 23, "text", 1)
}

function remove(column,    i, row) {
    columns--
    for (i = column; i <= columns; i++) {
        title_of[i] = title_of[i + 1]
        kind_of[i] = kind_of[i + 1]
        width_at[i] = width_at[i + 1]
        for (row = 1; row <= rows; row++) shown[row, i] = shown[row, i + 1]
    }
}

function column_titled(title,    i) {
    for (i = columns; i > 0 && title_of[i] != title; i--);
    return i
}

# What comes before a column: the arrow stands close to what it joins.
function gap_before(i) {
    return i == 1 ? "" : kind_of[i] == "arrow" || kind_of[i - 1] == "arrow" ? " " : "  "
}

function all_widths(    i, sum) {
    for (i = 1; i <= columns; i++) sum += length(gap_before(i)) + width_at[i]
    return sum
}

# The widest text that can do with less; 0: there is none.
function widest(    i, found) {
    for (i = 1; i <= columns; i++)
        if (title_of[i] in least && width_at[i] > least[title_of[i]] &&
            (!found || width_at[i] > width_at[found])) found = i
    return found
}

# Make columns as wide as their titles and cells.
function widen(    i, title) {
    for (i = 1; i <= columns; i++) {
        title = width_of(title_of[i])
        width_at[i] = title > cells_at[i] ? title : cells_at[i]
    }
}

# First titles become shorter, then texts; then columns go, those that tell least of a flow first.
function fit(    i, n, titles, column) {
    for (i = 1; i <= columns && all_widths() > width; i++)
        if (title_of[i] in short) title_of[i] = short[title_of[i]]
    widen()
    while (all_widths() > width && (column = widest())) width_at[column]--
    n = split("Retr.,App,State,RTT,Duration,Pkts", titles, ",")
    for (i = 1; i <= n && all_widths() > width; i++)
        if ((column = column_titled(titles[i]))) remove(column)
}

function print_row(row,    i, line, text) {
    line = ""
    for (i = 1; i <= columns; i++) {
        text = row ? shown[row, i] : title_of[i]
        if (length(text) > width_at[i]) text = clipped(text, width_at[i])
        line = line gap_before(i) padded(text, width_at[i], kind_of[i] == "text")
    }
    sub(/ +$/, "", line)
    print line
}

BEGIN {
    FS = "\t"
    least["Source"] = least["Destination"] = 15
    least["App"] = 6
    short["Protocol"] = "Proto"
    short["Application"] = "App"
    short["Packets"] = "Pkts"
    short["Retrans."] = "Retr."
}

{
    flows++
    packets += $11
    bytes += $14
    if ($17 != "" && (first_start == "" || $17 + 0 < first_start)) first_start = $17 + 0
    if ($17 != "" && $17 + $18 > last) last = $17 + $18
    if (top != "" && flows > top) next
    rows++
    row_of[rows] = $0
    for (i = 5; i <= NF; i++) if ($i != "") filled[i] = 1
}

END {
    choose_columns()
    for (row = 1; row <= rows; row++) {
        split(row_of[row], raw, FS)
        for (i = 1; i <= columns; i++) {
            text = kind_of[i] == "arrow" ? "→" : text_of(kind_of[i], raw[place_of[i]])
            shown[row, i] = text
            if (length(text) > cells_at[i] && width_of(text) > cells_at[i])
                cells_at[i] = width_of(text)
        }
    }
    widen()
    if (width && all_widths() > width) fit()
    for (row = 0; row <= rows; row++) print_row(row)
    print (rows < flows ? rows " of " : "") counted(flows, "flow") ", " \
          counted(packets, "packet") ", " bytes_text(bytes) \
          (first_start == "" ? "" : " in " time_text(last - first_start))
}
