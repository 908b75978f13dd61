#include "prefs.h"

static struct fs_prefs set = { .columns = "",
                               .slow_handshake = 500,
                               .max_open = 100000,
                               .table_rows = 100000,
                               .carry_over = TRUE,
                               .key_ends = TRUE,
                               .show_sofar = TRUE,
                               .experts = TRUE };

static struct fs_prefs applied = { .columns = "" };

const struct fs_prefs *const fs_prefs = &applied;

void fs_prefs_apply(void)
{
    static char *columns; /* Wireshark frees its own when it is set anew */

    applied = set;
    g_free(columns);
    applied.columns = columns = g_strdup(set.columns ? set.columns : "");
}

module_t *fs_prefs_register(int proto, void (*changed)(void))
{
    module_t *module = prefs_register_protocol(proto, changed);

    prefs_register_uint_preference(
        module, "idle_timeout", "Idle timeout (seconds)",
        "A packet that comes after a longer silence of its flow starts a new one, "
        "as in NetFlow and IPFIX. 0 means never.",
        10, &set.idle_timeout);
    prefs_register_uint_preference(
        module, "active_timeout", "Active timeout (seconds)",
        "A packet that comes later than this after the start of its flow starts a new one, "
        "as in NetFlow and IPFIX. 0 means never.",
        10, &set.active_timeout);
    prefs_register_bool_preference(
        module, "carry_over", "Flows go on from file to file",
        "Where tshark begins another file or session in one run (-b, -M), let flows go on in it. "
        "Without this they end with their file.",
        &set.carry_over);
    prefs_register_uint_preference(
        module, "max_open", "Open flows",
        "How many flows are open at once in -z flowstats,stream, and how many go on from file to "
        "file. Where there are more, the longest silent ones end for lack of resources.",
        10, &set.max_open);
    prefs_register_bool_preference(
        module, "key_vlan", "VLAN and MPLS tell flows apart",
        "Make VLAN tags and MPLS labels, their presence included, part of a flow's key. Off by "
        "default, for one direction is often captured untagged or with other labels.",
        &set.key_vlan);
    prefs_register_bool_preference(
        module, "key_labels", "Session identifiers and mirrors tell flows apart",
        "Make the identifiers that change within a flow's life part of a flow's key: GTP-U TEIDs, "
        "L2TP tunnels and sessions, PPTP call ids, PPPoE sessions; and mirrors (ERSPAN), whose "
        "copies are of one flow otherwise. Off by default, for it takes apart what belongs "
        "together.",
        &set.key_labels);
    prefs_register_bool_preference(
        module, "key_ends", "Tunnel endpoints tell flows apart",
        "Make the endpoints of tunnels without an identifier (IP in IP, GRE without a key, GTP-U, "
        "Teredo) part of a flow's key. Switch it off for flows that move from one tunnel to "
        "another, as in a handover.",
        &set.key_ends);
    prefs_register_bool_preference(
        module, "show_sofar", "Show the values so far",
        "Show the flow.sofar fields, which say what was known of the flow up to and including "
        "this packet. Without them a packet's details are built faster; a filter, a column or -e "
        "that names one of them has it all the same.",
        &set.show_sofar);
    prefs_register_bool_preference(
        module, "experts", "Expert infos about flows",
        "Say as expert infos that a SYN was never answered, that a connection was reset before any "
        "data, and that a handshake was slow.",
        &set.experts);
    prefs_register_bool_preference(
        module, "experts_ip_id", "Expert infos about gaps in the IP identification",
        "Say also where the IP identification has gaps. Off by default, for hosts that count for "
        "all their peers leave gaps where no packet is missing.",
        &set.experts_ip_id);
    prefs_register_uint_preference(
        module, "slow_handshake", "Slow handshake (milliseconds)",
        "A handshake whose round-trip time is longer than this gets an expert info. 0 means that "
        "none is slow.",
        10, &set.slow_handshake);
    prefs_register_uint_preference(
        module, "table_rows", "Rows of the flow table",
        "How many flows Statistics > Flow Statistics and -z flowstats,table show. The last line "
        "says how many more there are.",
        10, &set.table_rows);
    prefs_register_string_preference(
        module, "columns", "Columns of exports",
        "Which fields of flows -z flowstats,csv and flowstats,json and the flow table have, and in "
        "which order: names with commas between them, such as flow.tuple or flow.len.*, groups "
        "such as core or shape, or all. Empty means the usual ones.",
        &set.columns);
    return module;
}
