# Turn the CSV of -z flowstats,csv into one line for each flow, with tabs: four keys to sort by (is
# the value of -v sort= unknown, its number, its text, the place in the file) and what
# flows-table.awk shows.  Columns are found by their names, in any order; what is not there is
# empty.

# Split a record of RFC 4180 into cell[1..n]; return n.
function split_record(text,    n, at, len, ends) {
    if (!index(text, "\"")) return split(text, cell, ",")
    n = 0
    for (at = 1; at <= length(text) + 1; at += len + 1) {
        n++
        if (substr(text, at, 1) != "\"") {
            ends = index(substr(text, at), ",")
            len = ends ? ends - 1 : length(text) - at + 1
            cell[n] = substr(text, at, len)
            continue
        }
        match(substr(text, at), /^"([^"]|"")*"/)
        len = RLENGTH
        cell[n] = substr(text, at + 1, len - 2)
        gsub(/""/, "\"", cell[n])
    }
    return n
}

# The value of a field, in which nothing can move the cursor of a terminal.
function value(name,    text) {
    if (!(name in column)) return ""
    text = cell[column[name]]
    gsub(/[\001-\037\177]/, "?", text)
    return text
}

function sum(one, other) {
    return one == "" && other == "" ? "" : one + other
}

# "TCP 10.0.0.1:1 → 10.0.0.2:80", "EtherType 0x9000 SOURCE → DESTINATION", "... id 7".
function take_tuple(tuple,    arrow, before, words, n) {
    arrow = index(tuple, " → ")
    before = substr(tuple, 1, arrow - 1)
    n = split(before, words, " ")
    shown["source"] = words[n]
    shown["protocol"] = substr(before, 1, length(before) - length(words[n]) - 1)
    split(substr(tuple, arrow + length(" → ")), words, " ")
    shown["destination"] = words[1]
}

# The name of the column that a user may mean, or "": as it is titled or as a field is called.
function meant(name) {
    if (tolower(name) in shown) return tolower(name)
    if (tolower(name) in alias) return alias[tolower(name)]
    if (name in column) return name
    if (("flow." name) in column) return "flow." name
    if (("flow.tcp." name) in column) return "flow.tcp." name
    return ""
}

function is_number(text) {
    return text ~ /^-?[0-9]+([.][0-9]+)?(e[-+]?[0-9]+)?$/
}

BEGIN {
    OFS = "\t"
    count = split("flow protocol source destination application host packets packets_up " \
                  "packets_down bytes bytes_up bytes_down start duration rtt state retrans " \
                  "encapsulation end", order, " ")
    for (i = 1; i <= count; i++) shown[order[i]] = ""
    field["flow"] = "flow.id"
    field["application"] = "flow.app"
    field["host"] = "flow.host"
    field["packets"] = "flow.pkts"
    field["packets_up"] = "flow.up.pkts"
    field["packets_down"] = "flow.down.pkts"
    field["bytes"] = "flow.bytes"
    field["bytes_up"] = "flow.up.bytes"
    field["bytes_down"] = "flow.down.bytes"
    field["start"] = "flow.start"
    field["duration"] = "flow.duration"
    field["rtt"] = "flow.tcp.rtt"
    field["state"] = "flow.tcp.state_name"
    field["encapsulation"] = "flow.vni"
    field["end"] = "flow.end_reason_name"
    alias["retransmissions"] = "retrans"
    alias["pkts"] = "packets"
    alias["app"] = "application"
}

# A line break inside quotes is no end of a record.
{
    sub(/\r$/, "")
    record = record (record == "" ? "" : " ") $0
    quotes = record
    if (gsub(/"/, "", quotes) % 2) next
}

# The names, and which of them to sort by.
!names {
    names = split_record(record)
    record = ""
    for (i = 1; i <= names; i++) column[cell[i]] = i
    by = meant(sort)
    if (by == "") exit 3
    next
}

{
    split_record(record)
    record = ""
    for (title in field) shown[title] = value(field[title])
    take_tuple(value("flow.tuple"))
    shown["retrans"] = sum(value("flow.tcp.analysis.up.retransmission"),
                           value("flow.tcp.analysis.down.retransmission"))
    key = by in shown ? shown[by] : value(by)
    line = (key == "") OFS sprintf("%.9f", is_number(key) ? key : 0) OFS \
           (is_number(key) ? "" : key) OFS NR
    for (i = 1; i <= count; i++) line = line OFS shown[order[i]]
    print line
}
