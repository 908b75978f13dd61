/*
 * The walk under any bytes: frames in buffers of exactly their size, with any
 * list of layers and any address that Wireshark may have left behind.  No
 * dissector runs; Wireshark's protocols are the names that the walk asks for.
 */
#include "bytes.h"
#include "extract.h"
#include "headers.h"
#include "wireshark_stubs.h"

#include "meter.h"

#include <wiretap/wtap.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    fs_headers_register();
    return 0;
}

struct buffer {
    uint8_t *data;
    tvbuff_t *tvb;
};

static struct buffer take_buffer(struct bytes *bytes, packet_info *pinfo)
{
    uint16_t stated = take16(bytes) & 0x7ff;
    uint32_t captured = (uint32_t)MIN(stated, bytes->left);
    struct buffer buffer = { .data = g_malloc(MAX(captured, 1)) };

    take(bytes, buffer.data, captured);
    buffer.tvb = tvb_new_real_data(buffer.data, captured, captured + take8(bytes));
    add_new_data_source(pinfo, buffer.tvb, "buffer");
    return buffer;
}

/* An IPv4 address is left behind where it stands, an IPv6 address as a copy. */
static void take_net(struct bytes *bytes, packet_info *pinfo, const struct buffer *in)
{
    static uint8_t copy[2][FLOW_ADDR_LEN];
    uint16_t at = take16(bytes);
    bool is_ipv6 = at & 0x8000;
    uint32_t captured = tvb_captured_length(in->tvb);

    at &= 0x7fff;
    if (at + (is_ipv6 ? 32u : 8u) > captured)
        return;
    if (!is_ipv6) {
        set_address(&pinfo->net_src, AT_IPv4, 4, in->data + at);
        set_address(&pinfo->net_dst, AT_IPv4, 4, in->data + at + 4);
        return;
    }
    memcpy(copy, in->data + at, sizeof copy);
    set_address(&pinfo->net_src, AT_IPv6, FLOW_ADDR_LEN, copy[0]);
    set_address(&pinfo->net_dst, AT_IPv6, FLOW_ADDR_LEN, copy[1]);
}

static void account(struct bytes *bytes, struct flow_meter *meter, uint32_t number)
{
    uint8_t shape = take8(bytes), layers = take8(bytes);
    struct fs_walk_options options = { .key_vlan = shape & 1,
                                       .key_labels = shape & 2,
                                       .key_ends = true };
    frame_data frame = { .num = number };
    wtap_rec record = { .rec_header.packet_header.pkt_encap =
                            shape & 4 ? WTAP_ENCAP_SLL2 : WTAP_ENCAP_ETHERNET };
    packet_info pinfo = { .num = number,
                          .fd = &frame,
                          .rec = &record,
                          .pool = wmem_allocator_new(WMEM_ALLOCATOR_SIMPLE) };
    struct buffer buffers[3];
    unsigned buffer_count = 1 + (shape >> 3 & 3) % 3;
    struct flow_packet packet;
    struct fs_walk walk;

    pinfo.presence_flags = PINFO_HAS_TS;
    pinfo.abs_ts.secs = number;
    pinfo.layers = wmem_list_new(pinfo.pool);
    wmem_list_append(pinfo.layers, GINT_TO_POINTER(0));
    for (unsigned i = 0; i < layers; i++)
        wmem_list_append(pinfo.layers, GINT_TO_POINTER(take8(bytes) % WIRESHARK_NAMES_MAX));
    for (unsigned i = 0; i < buffer_count; i++)
        buffers[i] = take_buffer(bytes, &pinfo);
    take_net(bytes, &pinfo, &buffers[buffer_count - 1]);
    frame.cap_len = tvb_captured_length(buffers[0].tvb);
    frame.pkt_len = tvb_reported_length(buffers[0].tvb);

    if (fs_extract(buffers[0].tvb, &pinfo, &options, &walk, &packet))
        flow_meter_account(meter, &packet);

    g_slist_free(pinfo.data_src);
    wmem_destroy_allocator(pinfo.pool);
    for (unsigned i = 0; i < buffer_count; i++) {
        tvb_free(buffers[i].tvb);
        g_free(buffers[i].data);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes bytes = { data, size };
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    for (uint32_t frame = 1; bytes.left > 0; frame++)
        account(&bytes, meter, frame);
    flow_meter_finish(meter);
    flow_meter_free(meter);
    return 0;
}
