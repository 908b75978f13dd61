#include "capture_host.h"
#include "over_time.h"
#include "recording.h"
#include "scatter.h"
#include "timeline.h"
#include "who.h"

#include <QApplication>

/* What each view draws and says of the flows of a capture. */

namespace
{

QStringList texts_of(const std::set<int> &rows)
{
    QStringList texts;

    for (int row : rows)
        texts += QString::number(row);
    return texts;
}

QString ranges_of(QCPAxisRect *area)
{
    QCPRange x = area->axis(QCPAxis::atBottom)->range(), y = area->axis(QCPAxis::atLeft)->range();

    return QString("%1..%2 %3..%4").arg(x.lower).arg(x.upper).arg(y.lower).arg(y.upper);
}

const Choices BY_FLOW = [] {
    Choices choices;
    choices.colour_by = "flow";
    return choices;
}();

/* Timeline */

void test_a_timeline_has_a_row_for_each_flow()
{
    CaptureHost capture;

    capture.flows = { tcp_flow(0, 500, 1000, 400), udp_flow(1, 0, 700, 4000),
                      tcp_flow(2, 600, 600, 40) };
    capture.flows[0].values["tcp.rtt"] = qlonglong(20 * MS);
    capture.flows[0].values["host"] = "www.example.org";
    capture.flows[2].values.remove("start");
    Drawn<Timeline> timeline(capture);
    expect(timeline.cells(),
           { "Flow,Start (s),Last (s),Bytes,Packets,RTT (s),State,Application,Protocol,Ends,Host",
             "1,0.000000000,0.700000000,4000,2,-,,,UDP,192.0.2.1:40001 → 192.0.2.2:53,",
             "0,0.500000000,1.000000000,400,2,0.020000000,Established,http,TCP,192.0.2.1:40000 → "
             "192.0.2.2:80,www.example.org",
             "" });
    Table table = timeline.plot.table();
    g_assert_cmpint(table.table_row(0), ==, 1);
    g_assert_cmpint(table.table_row(1), ==, 0);
    g_assert_cmpint(table.table_row(2), ==, -1);
    g_assert_true(table.rows_of(0) == std::vector<int>({ 1 }));
    expect(timeline.words().filter("flow"),
           { "#6b7580 3 flows · ▨ handshake  ✕ reset  ● retransmission  ▼ gap  ■ zero window · "
             "from 2023-11-14 22:13:20.000 UTC",
             "#1f2933 Time since the first flow began (ms)" });
    capture.flows.erase(capture.flows.begin());
    capture.flows.pop_back();
    timeline.read();
    expect(timeline.words().filter("flow"), { "#6b7580 1 flow · from 2023-11-14 22:13:20.000 UTC",
                                              "#1f2933 Time since the first flow began (ms)" });
}

/* The ids of its flows from the top, groups before the first of theirs. */
QString order_of(CaptureHost &capture, const QString &sort, const QString &group = "")
{
    Choices chosen;

    chosen.sort = sort;
    chosen.group = group;
    Drawn<Timeline> timeline(capture, chosen);
    QStringList ids;
    Table table = timeline.plot.table();
    for (size_t row = 0; row < table.rows; row++)
        ids += table.cell(row, 0);
    return timeline.plot.yAxis->label() + ": " + ids.join(' ');
}

void test_a_timeline_is_sorted()
{
    CaptureHost capture;

    capture.flows = { tcp_flow(0, 300, 900, 40), tcp_flow(1, 100, 1000, 400),
                      udp_flow(2, 200, 400, 80), tcp_flow(3, 250, 300, 400) };
    capture.flows[0].values["tcp.rtt"] = qlonglong(20 * MS);
    capture.flows[1].values["tcp.rtt"] = qlonglong(90 * MS);
    capture.flows[3].values["app"] = "dns";
    capture.flows[0].values["src"] = "192.0.2.9";
    capture.flows[3].values["src"] = "192.0.2.2";
    capture.flows[3].values["dst"] = "192.0.2.1";
    expect(order_of(capture, "start"), "Flows by start: 1 2 3 0");
    expect(order_of(capture, "bytes"), "Flows by bytes: 1 3 2 0");
    expect(order_of(capture, "duration"), "Flows by duration: 1 0 2 3");
    expect(order_of(capture, "tcp.rtt"), "Flows by rtt: 1 0 2 3");
    expect(order_of(capture, "app"), "Flows by application: 2 3 0 1");
    expect(order_of(capture, "nothing"), "Flows by start: 0 1 2 3");
    expect(order_of(capture, "start", "host"), "Flows by start, by host: 1 2 3 0");
    expect(order_of(capture, "start", "conversation"), "Flows by start, by conversation: 1 2 3 0");
    capture.flows[0].values["src"] = "192.0.2.1";
    expect(order_of(capture, "bytes", "host"), "Flows by bytes, by host: 1 2 0 3");
    expect(order_of(capture, "bytes", "conversation"), "Flows by bytes, by conversation: 1 3 2 0");
}

/* So many pixels for a second and for a line. */
void scale(Timeline &plot, double second, double line)
{
    QCPAxisRect *area = plot.axisRect();

    plot.xAxis->setRange(0, area->width() / second);
    plot.yAxis->setRange(0, area->height() / line);
}

void test_groups_stand_apart()
{
    CaptureHost capture;
    Choices chosen;

    capture.flows = { tcp_flow(0, 0, 100, 40), tcp_flow(1, 100, 200, 400),
                      udp_flow(2, 200, 400, 80) };
    capture.flows[0].values["src"] = "192.0.2.9";
    chosen.group = "host";
    Drawn<Timeline> by_host(capture, chosen);
    make_bare(by_host);
    scale(by_host.plot, 1000, 8);
    expect(by_host.shapes(), { "rect 100,11.1 100x6.2 #4477aa -", "rect 200,19.1 200x6.2 #929aa3 -",
                               "rect 0,38.3 100x6.2 #4477aa -" });
    /* From a height on that a title needs. */
    scale(by_host.plot, 1000, 9.2);
    g_assert_cmpint(by_host.shapes().filter("text").size(), ==, 0);
    scale(by_host.plot, 1000, 9.4);
    expect(by_host.shapes().filter("text"),
           { "text 6,9.3 #1f2933 bold 192.0.2.1", "text 6,41.3 #1f2933 bold 192.0.2.9" });
    by_host.choices.group = "conversation";
    by_host.again();
    make_bare(by_host);
    scale(by_host.plot, 1000, 10);
    expect(by_host.shapes().filter("text"), { "text 6,10 #1f2933 bold 192.0.2.1 ↔ 192.0.2.2",
                                              "text 6,44 #1f2933 bold 192.0.2.2 ↔ 192.0.2.9" });
    QCPRange y = (by_host.plot.fit(), by_host.plot.yAxis->range());
    g_assert_cmpfloat_with_epsilon(y.lower, -0.7, 1e-6);
    g_assert_cmpfloat_with_epsilon(y.upper, 2 * 1.4 + 2 + 1.7, 1e-6);
}

void test_a_bar_goes_from_the_first_to_the_last_packet()
{
    CaptureHost capture;

    capture.flows = { tcp_flow(0, 100, 300, 400), udp_flow(1, 200, 200, 40),
                      udp_flow(2, 9000, 9001, 40) };
    capture.flows[0].values["tcp.ts_syn"] = qlonglong(BEGIN + 100 * MS);
    capture.flows[0].values["tcp.ts_ack"] = qlonglong(BEGIN + 130 * MS);
    capture.flows.insert(capture.flows.begin(), udp_flow(9, 0, 1, 8));
    Drawn<Timeline> timeline(capture);
    make_bare(timeline);
    /* Its handshake is lighter, a packet is a tick: up above the middle, down below it. */
    scale(timeline.plot, 1000, 20);
    expect(timeline.shapes().filter(QRegularExpression("^(rect|line)")),
           { "rect 0,1.2 1x15.6 #929aa3/0.5 -", "line 0,9 0,1.2 #6c7279:1",
             "line 1,9 1,16.8 #6c7279:1", "rect 100,21.2 200x15.6 #4477aa/0.5 -",
             "rect 100,21.2 30x15.6 ////#ffffff -", "line 100,29 100,21.2 #32587e:1",
             "line 300,29 300,36.8 #32587e:1", "rect 200,41.2 1x15.6 #929aa3/0.5 -",
             "line 200,49 200,41.2 #6c7279:1", "line 200,49 200,56.8 #6c7279:1" });
    scale(timeline.plot, 1000, 50); /* no bar is higher than 26 */
    expect(timeline.shapes().filter(QRegularExpression("^rect")),
           { "rect 0,11 1x26 #929aa3/0.5 -", "rect 100,61 200x26 #4477aa/0.5 -",
             "rect 100,61 30x26 ////#ffffff -", "rect 200,111 1x26 #929aa3/0.5 -" });
    scale(timeline.plot, 1000, 9);
    expect(timeline.shapes().filter("line"),
           { "line 0,3.5 0,0 #6c7279:1", "line 1,3.5 1,7 #6c7279:1",
             "line 100,12.5 100,9 #32587e:1", "line 300,12.5 300,16 #32587e:1",
             "line 200,21.5 200,18 #6c7279:1", "line 200,21.5 200,25 #6c7279:1" });
    scale(timeline.plot, 1000, 8.9);
    expect(timeline.shapes(), { "rect 0,0 1x6.9 #929aa3 -", "rect 100,8.9 200x6.9 #4477aa -",
                                "rect 200,17.8 1x6.9 #929aa3 -" });
    timeline.plot.xAxis->setRange(0.15, 0.25); /* of one on both sides its end is out of sight */
    expect(timeline.shapes().filter("#4477aa"),
           { QString("rect -2,8.9 %1x6.9 #4477aa -").arg(timeline.plot.axisRect()->width() + 4) });
    timeline.plot.xAxis->setRange(0.25, 1);
    g_assert_cmpint(timeline.shapes().size(), ==, 1); /* what is out of sight is not drawn */
    timeline.plot.xAxis->setRange(0.15, 0.19);
    g_assert_cmpint(timeline.shapes().size(), ==, 1);
    scale(timeline.plot, 1000, 12.9);
    g_assert_cmpint(timeline.shapes().filter("text").size(), ==, 0);
    scale(timeline.plot, 1000, 13);
    g_assert_cmpint(timeline.shapes().filter("text").size(), ==, 3);
}

void test_labels_stand_where_there_is_room()
{
    CaptureHost capture;

    capture.flows = { tcp_flow(0, 0, 100, 400), udp_flow(1, 300, 640, 4000), udp_flow(2, 0, 650, 8),
                      tcp_flow(3, 1000, 1001, 8) };
    Drawn<Timeline> timeline(capture);
    make_bare(timeline);
    scale(timeline.plot, 1000, 30);
    QStringList texts = timeline.shapes().filter("text");
    g_assert_cmpint(texts.size(), ==, 2); /* none beside one that fills the picture */
    expect(texts[0].section(' ', 3), "192.0.2.1:40000 → 192.0.2.2:80 · http · 400 B");
    expect(texts[0].section(QRegularExpression("[ ,]"), 1, 1), "108");
    expect(texts[1].section(' ', 3), "192.0.2.1:40001 → 192.0.2.2:53 · UDP · 4 kB");
    int width = QFontMetrics(QFont("DejaVu Sans", 8))
                    .boundingRect("192.0.2.1:40001 → 192.0.2.2:53 · UDP · 4 kB")
                    .width() +
                12;
    expect(texts[1].section(QRegularExpression("[ ,]"), 1, 1), QByteArray::number(300 - width));
}

void test_what_went_wrong_is_marked()
{
    CaptureHost capture;
    CapturedFlow flow = tcp_flow(0, 0, 600, 400);
    auto mark = [](flow_picture_mark mark) { return 1U << mark; };

    flow.packets = {
        packet_at(1, 0, 1, false),
        packet_at(2, 100, 1, false, mark(FLOW_PICTURE_RETRANSMISSION)),
        packet_at(3, 200, 1, true, mark(FLOW_PICTURE_GAP)),
        packet_at(4, 300, 1, false, mark(FLOW_PICTURE_GAP)),
        packet_at(5, 400, 1, true, mark(FLOW_PICTURE_ZERO_WINDOW)),
        packet_at(6, 500, 1, false, mark(FLOW_PICTURE_RESET) | mark(FLOW_PICTURE_RETRANSMISSION)),
        packet_at(7, 501, 1, false),
        packet_at(8, 501, 1, true),
        packet_at(9, 550, 1, true),
        packet_at(10, 900, 1, true, mark(FLOW_PICTURE_RESET)),
    };
    flow.packets[8].has_time = false;
    /* Two whose ticks would share a pixel are one, each way. */
    flow.packets.insert(flow.packets.begin() + 7, packet_at(7, 501, 1, false));
    capture.flows = { flow };
    Drawn<Timeline> timeline(capture);
    make_bare(timeline);
    scale(timeline.plot, 1000, 20);
    expect(timeline.shapes().filter(QRegularExpression("^(line|ellipse|polygon|rect)")),
           { "rect 0,1.2 600x15.6 #4477aa/0.5 -", "line 0,9 0,1.2 #32587e:1",
             "line 100,9 100,1.2 #32587e:1", "ellipse 100,1.2 7.8x7.8 #c0143c -",
             "line 200,9 200,16.8 #32587e:1", "polygon 196.1,20.7 203.9,20.7 200,12.9 #c0143c -",
             "line 300,9 300,1.2 #32587e:1", "polygon 296.1,-2.7 303.9,-2.7 300,5.1 #c0143c -",
             "line 400,9 400,16.8 #32587e:1", "rect 396.1,12.9 7.8x7.8 #c0143c -",
             "line 500,9 500,1.2 #32587e:1", "line 496.1,-2.7 503.9,5.1 #c0143c:1.6~",
             "line 496.1,5.1 503.9,-2.7 #c0143c:1.6~", "line 501,9 501,1.2 #32587e:1",
             "line 501,9 501,16.8 #32587e:1" });
    scale(timeline.plot, 1000, 10); /* marks no larger than their bar */
    expect(timeline.shapes().filter(QRegularExpression("^(ellipse|polygon)")),
           { "ellipse 100,0.1 3.9x3.9 #c0143c -", "polygon 198.1,9.8 202,9.8 200,5.9 #c0143c -",
             "polygon 298.1,-1.9 302,-1.9 300,2 #c0143c -" });
    timeline.choices.is_dark = true;
    timeline.again();
    make_bare(timeline);
    scale(timeline.plot, 1000, 20);
    expect(timeline.shapes().filter(QRegularExpression("^(ellipse|line 0,)")),
           { "line 0,9 0,1.2 #5fa7ee:1", "ellipse 100,1.2 7.8x7.8 #ff5c7a -" });
}

void test_more_lines_than_pixels_share_them()
{
    CaptureHost capture;

    for (uint32_t i = 0; i < 4; i++)
        capture.flows.push_back(tcp_flow(i, 100 * i, 100 * i + 250, 8));
    capture.flows.push_back(tcp_flow(4, 5000, 5100, 8));
    Drawn<Timeline> timeline(capture, BY_FLOW);
    make_bare(timeline);
    scale(timeline.plot, 1000, 0.25);
    expect(timeline.shapes(), { "rect 0,0 251x1 #4477aa -", "rect 251,0 100x1 #ee7733 -",
                                "rect 351,0 100x1 #228833 -", "rect 451,0 100x1 #aa3377 -" });
    scale(timeline.plot, 1000, 0.99);
    expect(timeline.shapes(), { "rect 0,0 251x1 #4477aa -", "rect 251,0 100x1 #ee7733 -",
                                "rect 351,0 100x1 #228833 -", "rect 300,1 251x1 #aa3377 -" });
    timeline.plot.xAxis->setRange(0.3, 0.301);
    expect(timeline.shapes().mid(0, 2), { "rect 0,0 770x1 #ee7733 -", "rect 0,1 770x1 #aa3377 -" });
    scale(timeline.plot, 1000, 1.01);
    g_assert_cmpint(timeline.shapes().size(), ==, 4);
}

void test_of_a_bar_in_sight_the_packets_are_read_once()
{
    CaptureHost capture;

    capture.flows = { tcp_flow(0, 0, 300, 400) };
    Drawn<Timeline> timeline(capture);
    capture.handed_out = 0;
    timeline.plot.replot();
    timeline.plot.replot();
    g_assert_cmpint(capture.handed_out, ==, 0);
    timeline.again();
    g_assert_cmpint(capture.handed_out, ==, 2);
}

void test_a_selected_bar_has_a_frame()
{
    CaptureHost capture;

    capture.flows = { udp_flow(0, 0, 300, 8), udp_flow(1, 100, 200, 8), udp_flow(2, 150, 150, 8) };
    Drawn<Timeline> timeline(capture, BY_FLOW);
    make_bare(timeline);
    auto frames = [&] { return timeline.shapes().filter(QRegularExpression("(#101418|#c0143c)")); };
    scale(timeline.plot, 1000, 8);
    expect(frames(), {});
    timeline.plot.select({ 1 });
    expect(frames(), { "rect 98,5.9 104x10.2 - #101418:2" });
    timeline.plot.mark(1, 15);
    expect(frames(), { "rect 98,5.9 104x10.2 - #101418:2", "line 200,7.9 200,14.1 #101418:2",
                       "polygon 196,-1.1 204,-1.1 200,5.9 #c0143c #101418:2~",
                       "rect 98,5.9 104x10.2 - #c0143c:1", "line 200,7.9 200,14.1 #c0143c:1",
                       "polygon 196,-1.1 204,-1.1 200,5.9 #c0143c #c0143c:1~" });
    timeline.plot.mark(2, 21);
    expect(frames(), { "rect 98,5.9 104x10.2 - #101418:2", "rect 148,13.9 5x10.2 - #c0143c:1",
                       "line 150,15.9 150,22.1 #c0143c:1",
                       "polygon 146,6.9 154,6.9 150,13.9 #c0143c #c0143c:1~" });
    timeline.plot.mark(2, 99);
    expect(frames(), { "rect 98,5.9 104x10.2 - #101418:2", "rect 148,13.9 5x10.2 - #c0143c:1" });
    scale(timeline.plot, 1000, 0.5); /* still a frame to see */
    expect(frames(), { "rect 98,-2.4 104x7 - #101418:2", "rect 148,-1.9 5x7 - #c0143c:1" });
    timeline.plot.xAxis->setRange(0.5, 1);
    expect(frames(), {});
}

void test_a_bar_is_found_where_it_is()
{
    CaptureHost capture;

    capture.flows = { udp_flow(0, 0, 300, 8), udp_flow(1, 100, 200, 8), udp_flow(2, 400, 400, 8) };
    Drawn<Timeline> timeline(capture, BY_FLOW);
    make_bare(timeline);
    scale(timeline.plot, 1000, 20);
    QPointF corner = timeline.plot.axisRect()->topLeft();
    auto at = [&](double x, double y) { return timeline.plot.row_at(corner + QPointF(x, y)); };
    g_assert_cmpint(at(150, 9), ==, 0);
    g_assert_cmpint(at(150, 29), ==, 1);
    g_assert_cmpint(at(250, 29), ==, -1);
    g_assert_cmpint(at(305, 9), ==, 0);
    g_assert_cmpint(at(307, 9), ==, -1);
    g_assert_cmpint(at(95, 29), ==, 1);
    g_assert_cmpint(at(93, 29), ==, -1);
    g_assert_cmpint(at(401, 49), ==, 2);
    g_assert_cmpint(at(400, 62), ==, 2);
    g_assert_cmpint(at(400, 64), ==, -1);
    g_assert_cmpint(at(150, 18), ==, 0); /* the nearer one */
    g_assert_cmpint(at(150, 20), ==, 1);
    scale(timeline.plot, 1000, 1);
    g_assert_cmpint(at(400, 4), ==, 2);
    g_assert_cmpint(at(400, -1), ==, 2);
    g_assert_cmpint(at(400, 9), ==, -1);
    scale(timeline.plot, 1000, 20);
    auto in = [&](double x, double y, double width, double height) {
        return texts_of(
            timeline.plot.rows_in(QRectF(corner + QPointF(x, y), QSizeF(width, height))));
    };
    expect(in(0, 0, 500, 100), { "0", "1", "2" });
    expect(in(110, 0, 10, 15), { "0" });
    expect(in(301, 0, 98, 100), {});
    expect(in(201, 0, 200, 100), { "0", "2" });
    expect(in(110, 18, 10, 0.5), {}); /* between them */
    expect(texts_of(timeline.plot.rows_at(corner + QPointF(150, 9))), { "0" });
    expect(texts_of(timeline.plot.rows_at(corner + QPointF(350, 9))), {});
    expect(timeline.plot.text_at(corner + QPointF(350, 9)), "");
    g_assert_true(timeline.plot.text_at(corner + QPointF(150, 9)) == timeline.plot.describe(0));
}

void test_a_timeline_fits()
{
    CaptureHost capture;

    capture.flows = { udp_flow(0, 0, 300, 8), udp_flow(1, 500, 1000, 8) };
    Drawn<Timeline> timeline(capture);
    expect(ranges_of(timeline.plot.axisRect()), "-0.02..1.02 -0.7..2.7");
    capture.flows = { udp_flow(0, 0, 0, 8) };
    timeline.read();
    expect(ranges_of(timeline.plot.axisRect()), "-0.5..0.5 -0.7..1.7");
    capture.flows.clear();
    timeline.read();
    expect(ranges_of(timeline.plot.axisRect()), "-0.02..1.02 -0.7..1");
    g_assert_true(timeline.plot.yAxis->rangeReversed());
}

/* Over Time */

/* Ten intervals of a second: what is asked is made of few of them. */
void test_intervals_are_round()
{
    static const struct {
        int64_t last_ms;
        const char *width;
        size_t rows;
    } rows[] = {
        { 0, "1 s", 1 },          { 1, "5 µs", 201 },     { 400, "1 ms", 401 },
        { 401, "2 ms", 201 },     { 800, "2 ms", 401 },   { 801, "5 ms", 161 },
        { 2000, "5 ms", 401 },    { 2001, "10 ms", 201 }, { 86400000, "8.33 min", 173 },
        { 3600000, "10 s", 361 },
    };

    for (const auto &row : rows) {
        CaptureHost capture;
        capture.flows = { udp_flow(0, 0, row.last_ms, 8) };
        Drawn<OverTime> over_time(capture);
        QStringList words = over_time.words().filter("intervals");
        g_assert_cmpint(words.size(), ==, 1);
        expect(words[0].section(" · ", 1, 1), (QString("intervals of ") + row.width).toUtf8());
        g_assert_cmpuint(over_time.plot.table().rows, ==, row.rows);
    }
}

/* Flows of ten seconds in intervals of 20 ms: 0, 1 and 4 live at 1 s. */
void make_ten_seconds(CaptureHost &capture)
{
    capture.flows = { tcp_flow(0, 0, 8000, 400), udp_flow(1, 1000, 2000, 4000),
                      tcp_flow(2, 4000, 4010, 40), udp_flow(3, 4000, 4000, 8),
                      tcp_flow(4, 1010, 1030, 80) };
    capture.flows[0].values["tcp.rtt"] = qlonglong(20 * MS);
    capture.flows[0].values["tcp.ts_ack"] = qlonglong(BEGIN + 2000 * MS);
    capture.flows[2].values["tcp.rtt"] = qlonglong(0);
    capture.flows[2].values["tcp.ts_ack"] = qlonglong(BEGIN + 4000 * MS);
    capture.flows[4].values["tcp.rtt"] = qlonglong(40 * MS);
    capture.flows[4].values["tcp.ts_ack"] = qlonglong(BEGIN + 2010 * MS);
    capture.flows[4].values["tcp.analysis.up.ack_rtt_mean"] = qlonglong(10 * MS);
    capture.flows[4].values["tcp.analysis.down.ack_rtt_mean"] = qlonglong(30 * MS);
    capture.flows[1].packets[1].response_ns = 500 * MS;
}

void test_over_time_has_a_row_for_each_interval()
{
    CaptureHost capture;

    make_ten_seconds(capture);
    Drawn<OverTime> over_time(capture);
    QStringList rows = over_time.cells();
    g_assert_cmpint(rows.size(), ==, 403); /* a heading, 401 intervals, nothing */
    expect(rows[0], "From (s),Throughput (bit/s),Live flows,New flows,Handshake RTT (s),"
                    "Response time (s),ACK RTT (s)");
    QStringList other =
        rows.mid(1).filter(QRegularExpression("^[^,]*,(?!0,1,0,-,-,-|0,2,0,-,-,-)"));
    expect(other, { "0,40000,1,1,-,-,-", "1,408000,3,2,-,-,0.02", "1.02,24000,3,0,-,-,-",
                    "2,1200000,2,0,0.03,0.5,-", "4,19200,3,2,0,-,-", "8,120000,1,0,-,-,-" });
    Table table = over_time.plot.table();
    g_assert_true(table.rows_of(50) == std::vector<int>({ 0, 1, 4 }));
    g_assert_true(table.rows_of(51) == std::vector<int>({ 0, 1, 4 }));
    g_assert_true(table.rows_of(52) == std::vector<int>({ 0, 1 }));
    g_assert_true(table.rows_of(200) == std::vector<int>({ 0, 2, 3 }));
    g_assert_true(table.rows_of(400) == std::vector<int>({ 0 }));
    g_assert_cmpint(table.table_row(0), ==, -1);
    expect(over_time.words().filter("flows"),
           { "#6b7580 5 flows · intervals of 20 ms · from 2023-11-14 22:13:20.000 UTC" });
    expect(over_time.words().filter(QRegularExpression("(live|new|RTT|response)")),
           { "#1f2933 live", "#1f2933 new", "#1f2933 ACK RTT, mean of a flow",
             "#1f2933 response time", "#1f2933 handshake RTT" });
}

/* So many pixels for a second, in all three areas; 1 of the others is a pixel, 10 ms are 50. */
void scale_areas(Drawn<OverTime> &over_time, double second)
{
    make_bare(over_time);
    QList<QCPAxisRect *> areas = over_time.plot.axisRects();
    for (QCPAxisRect *area : areas)
        area->axis(QCPAxis::atLeft)->setRange(0, area->height());
    areas[2]->axis(QCPAxis::atLeft)->setRange(1e-3, 1e-3 * std::pow(10, areas[2]->height() / 50.0));
    over_time.plot.xAxis->setRange(0, areas[0]->width() / second);
}

/* A part stands on those before it. */
void test_throughput_is_made_of_classes()
{
    CaptureHost capture;

    make_ten_seconds(capture);
    Drawn<OverTime> over_time(capture);
    scale_areas(over_time, 50);
    QCPAxisRect *area = over_time.plot.axisRect();
    over_time.plot.yAxis->setRange(0, area->height() * 50e3); /* 50 kbit/s are a pixel */
    QStringList shapes = over_time.shapes().filter(QRegularExpression("^rect"));
    for (QString &shape : shapes) { /* from the lower edge up */
        QStringList parts = shape.split(QRegularExpression("[ ,]"));
        parts[2] =
            QString::number(std::round((area->height() - 1 - parts[2].toDouble()) * 10) / 10);
        shape = parts.join(' ');
    }
    expect(shapes, { "rect 0 0.8 1x0.8 #4477aa -", "rect 50 0.2 1x0.2 #4477aa -",
                     "rect 50 8.2 1x8 #929aa3 -", "rect 51 0.5 1x0.5 #4477aa -",
                     "rect 100 24 1x24 #929aa3 -", "rect 200 0.3 1x0.3 #4477aa -",
                     "rect 200 0.4 1x0.1 #929aa3 -", "rect 400 2.4 1x2.4 #4477aa -" });
    over_time.plot.xAxis->setRange(4.5, 7.5);
    g_assert_cmpint(over_time.shapes().filter(QRegularExpression("^rect")).size(), ==, 0);

    over_time.choices.colour_by = "direction";
    over_time.again();
    expect(Drawn<OverTime>(capture, over_time.choices).words().filter("·"),
           { "#6b7580 5 flows · intervals of 20 ms · from 2023-11-14 22:13:20.000 UTC",
             "#1f2933 up · 1.13 kB", "#1f2933 down · 3.4 kB" });
    scale_areas(over_time, 50);
    over_time.plot.yAxis->setRange(0, area->height() * 50e3);
    QStringList by_way;
    for (const QString &shape : over_time.shapes().filter(QRegularExpression("^rect")))
        by_way += shape.section(' ', 3, 3);
    expect(by_way, { "#ee7733", "#ee7733", "#4477aa", "#4477aa", "#ee7733", "#4477aa", "#4477aa" });
}

void test_lines_are_live_and_new_flows()
{
    CaptureHost capture;

    capture.flows = { udp_flow(0, 0, 2, 8), udp_flow(1, 1, 1, 8), udp_flow(2, 1, 3, 8) };
    capture.flows.push_back(udp_flow(3, 0, 3, 8));
    capture.flows[3].values.remove("start");
    Drawn<OverTime> over_time(capture);
    make_bare(over_time);
    QCPAxisRect *area = over_time.plot.axisRects()[1];
    area->axis(QCPAxis::atLeft)->setRange(0, area->height() / 10.0);
    over_time.plot.xAxis->setRange(0, over_time.plot.axisRect()->width() / 1e5);
    QStringList lines = over_time.shapes(area).filter("polyline");
    g_assert_cmpint(lines.size(), ==, 2);
    QStringList corners;
    for (const QString &line : lines) {
        QString before;
        for (const QString &place : line.split(' ').mid(1))
            if (QString height = place.section(',', 1); height != before || !place.contains(',')) {
                corners += height.isEmpty()
                               ? place
                               : place.section(',', 0, 0) + " at " +
                                     QString::number(area->height() - 1 - height.toDouble());
                before = height;
            }
    }
    expect(corners, { "0 at 10", "100 at 30", "101 at 20", "201 at 10", "-", "#4477aa:1.4",
                      "0 at 10", "1 at 0", "100 at 20", "101 at 0", "-", "#ee7733:1.4" });
    expect(over_time.shapes(area)
               .filter(QRegularExpression("^(line|text)"))
               .join('\n')
               .replace(QRegularExpression("(?<= )\\d+(?=,)"), "x")
               .split('\n'),
           { "line x,-8 x,-8 #4477aa:1.4", "text x,-4 #1f2933 live", "line x,-8 x,-8 #ee7733:1.4",
             "text x,-4 #1f2933 new" });
    QStringList names = over_time.shapes(area).filter(QRegularExpression("^line"));
    g_assert_cmpint(names[0].section(QRegularExpression("[ ,]"), 1, 1).toInt(), ==,
                    area->width() - 1 - 90);
    g_assert_cmpint(names[1].section(QRegularExpression("[ ,]"), 1, 1).toInt(), ==,
                    area->width() - 1 - 44);
}

void test_times_have_a_shape_each()
{
    CaptureHost capture;

    make_ten_seconds(capture);
    Drawn<OverTime> over_time(capture);
    scale_areas(over_time, 50);
    QCPAxisRect *area = over_time.plot.axisRects()[2];
    /* From the lower edge up: 10 ms at 50, 20 ms at 65.1, 500 ms at 134.9. */
    auto dots = [&] {
        QStringList dots;
        for (const QString &shape : over_time.shapes(area))
            if (!shape.startsWith("text") && !shape.startsWith("rect") &&
                !shape.startsWith("polyline") && !shape.contains("#1f2933") &&
                !shape.contains(":1.4")) {
                QStringList parts = shape.split(' ');
                for (QString &part : parts)
                    if (part.contains(','))
                        part = part.section(',', 0, 0) + "," +
                               QString::number(std::round((area->height() - 1 -
                                                           part.section(',', 1).toDouble()) *
                                                          10) /
                                               10);
                dots += parts.join(' ');
            }
        return dots;
    };
    expect(dots(),
           { "line 47.5,50 53.5,50 #4477aa:1.2~", "line 50.5,53 50.5,47 #4477aa:1.2~",
             "line 47.5,73.9 53.5,73.9 #4477aa:1.2~", "line 50.5,76.9 50.5,70.9 #4477aa:1.2~",
             "polygon 97,134.9 100,137.9 103,134.9 100,131.9 - #929aa3:1.2~",
             "ellipse 100,65.1 5x5 #4477aa -", "ellipse 100.5,80.1 5x5 #4477aa -" });
    for (const char *times : { "handshake", "response", "ack" }) {
        over_time.choices.times = times;
        over_time.again();
        scale_areas(over_time, 50);
        g_assert_cmpint(dots().size(), ==,
                        times == QString("ack")        ? 4
                        : times == QString("response") ? 1
                                                       : 2);
        /* The table has all of them. */
        expect(over_time.cells().filter(QRegularExpression("^1,")), { "1,408000,3,2,-,-,0.02" });
    }
    over_time.choices.times = "";
    over_time.choices.colour_by = "direction";
    over_time.again();
    scale_areas(over_time, 50);
    for (const QString &dot : dots())
        g_assert_true(dot.contains("#6b7580"));

    over_time.plot.select({ 0, 1 });
    over_time.plot.mark(0, 5);
    QStringList over = over_time.shapes(area).filter("#101418");
    expect(over.filter("ellipse").join('\n').replace(QRegularExpression(",\\S+"), "").split('\n'),
           { "ellipse 100 10x10 - #101418:1.5", "ellipse 100 10x10 - #101418:1.5" });
    /* When they lived stands at the upper edge of the throughput. */
    over_time.plot.xAxis->setRange(-1, over_time.plot.axisRect()->width() / 50.0 - 1);
    expect(over_time.shapes().filter(QRegularExpression("^rect.*#101418")),
           { "rect 50,1 400x4 #101418 -", "rect 100,1 50x4 #101418 -" });
    QStringList marks = over_time.shapes().filter(QRegularExpression("^line.*#c0143c:1"));
    g_assert_cmpint(marks.size(), ==, 3);
    for (int i = 0; i < 3; i++) {
        QCPAxisRect *of = over_time.plot.axisRects()[i];
        int top = of->top() - over_time.plot.axisRect()->top();
        g_assert_true(marks[i].startsWith(
            QString("line 450,%1 450,%2 ").arg(top).arg(top + of->height() - 1)));
    }
    over_time.plot.xAxis->setRange(9, 10);
    g_assert_cmpint(over_time.shapes().filter(QRegularExpression("^line.*#c0143c")).size(), ==, 0);
}

void test_names_of_times_are_those_that_are_there()
{
    CaptureHost capture;

    make_ten_seconds(capture);
    Drawn<OverTime> over_time(capture);
    make_bare(over_time);
    QCPAxisRect *area = over_time.plot.axisRects()[2];
    QStringList shapes =
        over_time.shapes(area).filter("#1f2933").filter(QRegularExpression("(-8|-4|-5|-11)"));
    QFontMetrics metrics(QFont("DejaVu Sans", 8));
    int x = area->width() - 1 - 6;
    QStringList right;
    for (const char *name : { "ACK RTT, mean of a flow", "response time", "handshake RTT" }) {
        x -= metrics.boundingRect(name).width();
        right += QString("text %1,-4 #1f2933 ").arg(x) + name;
        if (QString(name).startsWith("ACK"))
            right += QStringList({ QString("line %1,-8 %2,-8 #1f2933:1.2~").arg(x - 12).arg(x - 6),
                                   QString("line %1,-11 %1,-5 #1f2933:1.2~").arg(x - 9) });
        if (QString(name).startsWith("response"))
            right += QString("polygon %1,-8 %2,-11 %3,-8 %2,-5 - #1f2933:1.2~")
                         .arg(x - 12)
                         .arg(x - 9)
                         .arg(x - 6);
        if (QString(name).startsWith("handshake"))
            right += QString("ellipse %1,-8 5x5 #1f2933 -").arg(x - 9);
        x -= 30;
    }
    expect(shapes, right);
}

/* Of more dots than 5,000 one of a pixel is drawn, as a square of two. */
void test_too_many_times_have_no_shape()
{
    CaptureHost capture;

    for (uint32_t i = 0; i < 5001; i++) {
        capture.flows.push_back(tcp_flow(i, 0, 100, 8));
        capture.flows[i].values["tcp.rtt"] = qlonglong(10 * MS);
        capture.flows[i].values["tcp.ts_ack"] = qlonglong(BEGIN + (i == 0 ? 50 : 90) * MS);
    }
    Drawn<OverTime> over_time(capture);
    scale_areas(over_time, 1000);
    QStringList squares =
        over_time.shapes(over_time.plot.axisRects()[2]).filter(QRegularExpression("^rect .* 2x2 "));
    expect(squares.join('\n').replace(QRegularExpression(",\\S+"), "").split('\n'),
           { "rect 49 2x2 #4477aa -", "rect 89 2x2 #4477aa -" });
    g_assert_cmpint(over_time.shapes().filter(QRegularExpression("^ellipse.*#4477aa")).size(), ==,
                    0);
    capture.flows.pop_back();
    over_time.read();
    g_assert_cmpint(over_time.shapes().filter(QRegularExpression("^ellipse.*#4477aa")).size(), ==,
                    5000);
    over_time.plot.xAxis->setRange(0.06, 0.1);
    g_assert_cmpint(over_time.shapes().filter(QRegularExpression("^ellipse.*#4477aa")).size(), ==,
                    4999);
}

void test_over_time_says_what_is_where()
{
    CaptureHost capture;

    make_ten_seconds(capture);
    Drawn<OverTime> over_time(capture);
    scale_areas(over_time, 50);
    OverTime &plot = over_time.plot;
    QList<QCPAxisRect *> areas = plot.axisRects();
    plot.yAxis->setRange(0, areas[0]->height() * 1e4);
    auto in = [&](int area, double x, double up) {
        return QPointF(areas[area]->left() + x, areas[area]->bottom() - up);
    };
    auto text = [&](const QPointF &place) { return plot.text_at(place).split('\n'); };
    auto rows = [&](const QPointF &place) { return texts_of(plot.rows_at(place)); };
    /* At 1 s, where two began: 8 kbit/s of TCP, and 400 of UDP on it. */
    expect(text(in(0, 50.5, 30)),
           { "1 s – 1.02 s", "not TCP: 400 kbit/s of 408 kbit/s", "3 live flows, 2 new" });
    expect(text(in(0, 50.5, 0.5)),
           { "1 s – 1.02 s", "Established: 8 kbit/s of 408 kbit/s", "3 live flows, 2 new" });
    expect(text(in(0, 50.5, 60)), { "1 s – 1.02 s", "408 kbit/s", "3 live flows, 2 new" });
    expect(rows(in(0, 50.5, 30)), { "1" });
    expect(rows(in(0, 50.5, 0.5)), { "0", "4" });
    expect(rows(in(0, 50.5, 60)), { "0", "1", "4" });
    expect(rows(in(1, 50.5, 5)), { "0", "1", "4" });
    expect(rows(in(0, 51.5, 60)), { "0", "1", "4" });
    expect(text(in(1, 200.5, 5)), { "4 s – 4.02 s", "19.2 kbit/s", "3 live flows, 2 new" });
    expect(text(in(1, 401.5, 5)), { "" });
    expect(rows(in(1, 401.5, 5)), {});
    plot.xAxis->setRange(-1, areas[0]->width() / 50.0 - 1);
    expect(text(in(1, 49, 5)), { "" });
    plot.xAxis->setRange(0, areas[0]->width() / 50.0);
    /* Dots, within 7 pixels. */
    expect(text(in(2, 100, 65)), { "TCP 192.0.2.1:40000 → 192.0.2.2:80", "400 B, 2 packets, 8 s",
                                   "RTT 20 ms", "Established", "http", "20 ms handshake RTT" });
    expect(text(in(2, 100, 59)), { "TCP 192.0.2.1:40000 → 192.0.2.2:80", "400 B, 2 packets, 8 s",
                                   "RTT 20 ms", "Established", "http", "20 ms handshake RTT" });
    expect(text(in(2, 100, 57)), { "" });
    expect(text(in(2, 100, 134.9)), { "UDP 192.0.2.1:40001 → 192.0.2.2:53", "4 kB, 2 packets, 1 s",
                                      "500 ms response time" });
    expect(rows(in(2, 100, 134.9)), { "1" });
    g_assert_cmpint(plot.row_at(in(2, 101, 80)), ==, 4);
    g_assert_cmpint(plot.row_at(in(2, 120, 80)), ==, -1);
    expect(texts_of(plot.rows_in(QRectF(in(0, 60, 0), in(0, 90, 10)))), { "0", "1" });
    expect(texts_of(plot.rows_in(QRectF(in(0, 199.5, 0), in(0, 300, 10)))), { "0", "2", "3" });
    expect(texts_of(plot.rows_in(QRectF(in(0, 201, 0), in(0, 300, 10)))), { "0" });
    expect(texts_of(plot.rows_in(QRectF(in(0, 40, 0), in(0, 50.2, 10)))), { "0", "1" });
    over_time.choices.colour_by = "direction";
    over_time.again();
    scale_areas(over_time, 50);
    plot.yAxis->setRange(0, areas[0]->height() * 1e4);
    expect(rows(in(0, 50.5, 30)), { "0", "1", "4" });
    expect(text(in(0, 50.5, 30)),
           { "1 s – 1.02 s", "up: 408 kbit/s of 408 kbit/s", "3 live flows, 2 new" });
}

void test_over_time_fits()
{
    CaptureHost capture;

    make_ten_seconds(capture);
    Drawn<OverTime> over_time(capture);
    QStringList ranges;
    for (QCPAxisRect *area : over_time.plot.axisRects())
        ranges += ranges_of(area);
    expect(ranges,
           { "-0.02..8.04 0..1.296e+06", "-0.02..8.04 0..3.24", "-0.02..8.04 0.00769231..0.75" });
    capture.flows[1].packets[1].response_ns = -1;
    capture.flows[4].values.clear();
    over_time.read();
    expect(ranges_of(over_time.plot.axisRects()[2]).section(' ', 1), "0.000625..0.03");
    capture.flows.clear();
    over_time.read();
    ranges.clear();
    for (QCPAxisRect *area : over_time.plot.axisRects())
        ranges += ranges_of(area);
    expect(ranges, { "-1..2 0..1", "-1..2 0..1", "-1..2 0.001..1" });
    /* One axis of time: what moves one moves all. */
    over_time.plot.axisRects()[1]->axis(QCPAxis::atBottom)->setRange(3, 4);
    for (QCPAxisRect *area : over_time.plot.axisRects()) {
        expect(ranges_of(area).section(' ', 0, 0), "3..4");
        g_assert_true(area->minimumMargins() ==
                      QMargins(12, area == over_time.plot.axisRect() ? 4 : 16, 18, 4));
        g_assert_cmpint(area->rangeDrag(), ==, Qt::Horizontal);
        g_assert_cmpint(area->rangeZoom(), ==, Qt::Horizontal);
    }
}

/* Who */

void make_hosts(CaptureHost &capture)
{
    capture.flows = { tcp_flow(0, 0, 1, 400), udp_flow(1, 0, 1, 4000), tcp_flow(2, 0, 1, 40),
                      udp_flow(3, 0, 1, 8) };
    capture.flows[1].values["src"] = "192.0.2.3";
    capture.flows[2].values["dst"] = "192.0.2.1";
    capture.flows[2].values["host"] = "www.example.org";
    capture.flows[3].values.remove("dstport");
    capture.flows[3].values.remove("bytes");
    capture.flows[3].values["src"] = "192.0.2.2";
    capture.flows[3].values["dst"] = "192.0.2.1";
    capture.flows[3].values["pkts"] = 7;
}

void test_who_counts_by_what_is_chosen()
{
    CaptureHost capture;

    make_hosts(capture);
    QStringList said;
    for (const char *who : { "host", "server", "port", "app", "conversation" })
        for (const char *measure : { "bytes", "pkts", "flows" }) {
            Choices chosen;
            chosen.who = who;
            chosen.measure = measure;
            Drawn<Who> drawn(capture, chosen);
            QStringList cells = drawn.cells();
            said += QStringList({ cells.join(" | ") });
            if (measure == QString("bytes"))
                said += drawn.words().filter("4 flows")[0].section(" · ", 1, 1);
            if (who == QString("app"))
                said += drawn.words().filter(QRegularExpression("(Bytes|Packets|Flows)")) +
                        drawn.words().mid(1, 2);
        }
    expect(said, { "Name,Bytes,Flows | 192.0.2.2,4400,3 | 192.0.2.3,4000,1 | 192.0.2.1,440,3 | ",
                   "3 hosts, a flow counts for both",
                   "Name,Packets,Flows | 192.0.2.1,11,3 | 192.0.2.2,11,3 | 192.0.2.3,2,1 | ",
                   "Name,Count,Flows | 192.0.2.1,3,3 | 192.0.2.2,3,3 | 192.0.2.3,1,1 | ",
                   "Name,Bytes,Flows | 192.0.2.2,4400,2 | www.example.org,40,1 | 192.0.2.1,0,1 | ",
                   "3 hosts that were asked for, by name where it is known",
                   "Name,Packets,Flows | 192.0.2.1,7,1 | 192.0.2.2,4,2 | www.example.org,2,1 | ",
                   "Name,Count,Flows | 192.0.2.2,2,2 | 192.0.2.1,1,1 | www.example.org,1,1 | ",
                   "Name,Bytes,Flows | UDP 53,4000,1 | TCP 80,440,2 | UDP (no ports),0,1 | ",
                   "3 destination ports",
                   "Name,Packets,Flows | UDP (no ports),7,1 | TCP 80,4,2 | UDP 53,2,1 | ",
                   "Name,Count,Flows | TCP 80,2,2 | UDP (no ports),1,1 | UDP 53,1,1 | ",
                   "Name,Bytes,Flows | none,4000,2 | http,440,2 | ",
                   "2 applications",
                   "#1f2933 Bytes (B)",
                   "#1f2933 4 kB",
                   "#1f2933 440 B",
                   "Name,Packets,Flows | none,9,2 | http,4,2 | ",
                   "#1f2933 Packets",
                   "#1f2933 9",
                   "#1f2933 4",
                   "Name,Count,Flows | http,2,2 | none,2,2 | ",
                   "#1f2933 Flows",
                   "#1f2933 2",
                   "#1f2933 2",
                   "Name,Bytes,Flows | 192.0.2.2 ↔ 192.0.2.3,4000,1 | 192.0.2.1 ↔ 192.0.2.2,400,2 "
                   "| 192.0.2.1 ↔ 192.0.2.1,40,1 | ",
                   "3 conversations",
                   "Name,Packets,Flows | 192.0.2.1 ↔ 192.0.2.2,9,2 | 192.0.2.1 ↔ 192.0.2.1,2,1 | "
                   "192.0.2.2 ↔ 192.0.2.3,2,1 | ",
                   "Name,Count,Flows | 192.0.2.1 ↔ 192.0.2.2,2,2 | 192.0.2.1 ↔ 192.0.2.1,1,1 | "
                   "192.0.2.2 ↔ 192.0.2.3,1,1 | " });
}

void test_bars_are_made_of_classes()
{
    CaptureHost capture;
    Choices chosen;

    make_hosts(capture);
    chosen.who = "app";
    Drawn<Who> who(capture, chosen);
    make_bare(who);
    g_assert_false(who.plot.yAxis->subTicks());
    g_assert_false(who.plot.yAxis->grid()->visible());
    who.plot.xAxis->setRange(0, who.plot.axisRect()->width() * 10);
    who.plot.yAxis->setRange(0, who.plot.axisRect()->height() / 100.0);
    expect(who.shapes().filter("rect"),
           { "rect 0,-37 0x72 #4477aa -", "rect 0,-37 400x72 #929aa3 -",
             "rect 0,63 44x72 #4477aa -", "rect 44,63 0x72 #929aa3 -" });
    expect(
        who.shapes().filter("text").join('\n').replace(QRegularExpression(",\\S+"), "").split('\n'),
        { "text 406 #1f2933 4 kB", "text 50 #1f2933 440 B" });
    /* One that goes on out of sight has its number over its broken end. */
    who.plot.xAxis->setRange(0, who.plot.axisRect()->width() * 1.0);
    int width = who.plot.axisRect()->width(),
        wide = QFontMetrics(QFont("DejaVu Sans", 8)).boundingRect("4 kB").width() + 12;
    QStringList over = who.shapes().filter("#ffffff");
    g_assert_cmpint(over.size(), ==, 3);
    expect(
        over,
        { QString("rect %1,-37 %2x72 #ffffff -").arg(width - wide).arg(wide + 1),
          QString("line %1,35 %2,-37 #ffffff:2").arg(width - wide - 10).arg(width - wide - 4),
          QString("line %1,35 %2,-37 #ffffff:2").arg(width - wide - 16).arg(width - wide - 10) });
    expect(who.shapes().filter("text")[0].section(QRegularExpression("[ ,]"), 1, 1),
           QByteArray::number(width - wide + 6));
    who.plot.xAxis->setRange(5000, 6000);
    g_assert_cmpint(who.shapes().filter("#ffffff").size(), ==, 0);
}

void test_who_says_what_is_where()
{
    CaptureHost capture;
    Choices chosen;

    make_hosts(capture);
    Drawn<Who> who(capture, chosen);
    make_bare(who);
    Who &plot = who.plot;
    auto scale_it = [&] {
        plot.xAxis->setRange(0, plot.axisRect()->width() * 10);
        plot.yAxis->setRange(0, plot.axisRect()->height() / 100.0);
    };
    scale_it();
    QPointF corner = plot.axisRect()->topLeft();
    /* Bars 72 high, around 0, 100 and 200; from 200 before to 60 behind. */
    expect(plot.text_at(corner + QPointF(10, 30)).split('\n'),
           { "192.0.2.2", "4.4 kB", "3 flows" });
    expect(plot.text_at(corner + QPointF(10, 100)).split('\n'), { "192.0.2.3", "4 kB", "1 flow" });
    expect(plot.text_at(corner + QPointF(10, 45)), "");
    expect(texts_of(plot.rows_at(corner + QPointF(10, 30))), { "0", "1", "3" });
    expect(texts_of(plot.rows_at(corner + QPointF(10, 45))), {});
    expect(texts_of(plot.rows_at(corner + QPointF(-199, 30))), { "0", "1", "3" });
    expect(texts_of(plot.rows_at(corner + QPointF(-201, 30))), {});
    expect(texts_of(plot.rows_at(corner + QPointF(499, 30))), { "0", "1", "3" });
    expect(texts_of(plot.rows_at(corner + QPointF(502, 30))), {});
    g_assert_cmpint(plot.row_at(corner + QPointF(10, 30)), ==, -1);
    expect(texts_of(plot.rows_in(QRectF(corner + QPointF(405, 0), QSizeF(30, 110)))),
           { "0", "1", "3" });
    expect(texts_of(plot.rows_in(QRectF(corner + QPointF(10, 210), QSizeF(30, 10)))),
           { "0", "2", "3" });
    expect(texts_of(plot.rows_in(QRectF(corner + QPointF(10, 40), QSizeF(30, 10)))), {});
    plot.select({ 2 });
    plot.mark(1, 0);
    expect(who.shapes().filter(QRegularExpression("(#101418|#c0143c)")),
           { "rect 1,-37 439x72 - #c0143c:1", "rect 1,63 399x72 - #c0143c:1",
             "rect -1,161 47x76 - #101418:2" });
    who.choices.measure = "pkts";
    who.again();
    scale_it();
    expect(plot.text_at(corner + QPointF(10, 0)).split('\n'),
           { "192.0.2.1", "11 packets", "3 flows" });
    who.choices.measure = "flows";
    who.again();
    scale_it();
    expect(plot.text_at(corner + QPointF(10, 0)).split('\n'), { "192.0.2.1", "3 flows" });
    Table table = plot.table();
    g_assert_true(table.rows_of(0) == std::vector<int>({ 0, 2, 3 }));
    g_assert_cmpint(table.table_row(0), ==, -1);
}

/* Fifteen and the rest, which counts a flow once, and has room as long as it dwarfs nobody. */
void test_the_rest_is_one_bar()
{
    CaptureHost capture;

    for (uint32_t i = 0; i < 15; i++) {
        capture.flows.push_back(tcp_flow(i, 0, 1, 100 - i));
        capture.flows[i].values["src"] = capture.flows[i].values["dst"] = "h" + QString::number(i);
    }
    Drawn<Who> fifteen(capture);
    expect(fifteen.cells().mid(15), { "h14,86,1", "" });
    expect(ranges_of(fifteen.plot.axisRect()), "0..112 -0.6..14.6");
    for (uint32_t i = 15; i < 17; i++) {
        capture.flows.push_back(udp_flow(i, 0, 1, 50));
        capture.flows[i].values["src"] = "h" + QString::number(i);
        capture.flows[i].values["dst"] = "h15";
    }
    Drawn<Who> more(capture);
    expect(more.cells().mid(15), { "h13,87,1", "2 others,136,2", "" });
    expect(more.words().filter("hosts")[0].section(" · ", 1, 1),
           "17 hosts, a flow counts for both");
    g_assert_true(more.plot.table().rows_of(1) == std::vector<int>({ 15, 16 }));
    expect(ranges_of(more.plot.axisRect()), "0..152.32 -0.6..15.6");
    make_bare(more);
    in_pixels(more.plot.axisRect());
    more.plot.yAxis->setRange(15, 15 + more.plot.axisRect()->height() / 100.0);
    expect(more.shapes().filter(QRegularExpression("^rect \\d+,-37")),
           { "rect 0,-37 86x72 #4477aa -", "rect 86,-37 50x72 #929aa3 -" });
    for (uint32_t i = 17; i < 20; i++) {
        capture.flows.push_back(udp_flow(i, 0, 1, 50));
        capture.flows[i].values["src"] = "h" + QString::number(i);
    }
    Drawn<Who> many(capture);
    expect(many.cells().mid(15), { "h12,88,1", "6 others,373,6", "" });
    expect(ranges_of(many.plot.axisRect()), "0..168 -0.6..15.6");
    capture.flows.clear();
    many.read();
    expect(ranges_of(many.plot.axisRect()), "0..1 -0.6..0.6");
}

/* Scatter */

void test_a_scatter_plot_has_flows_with_both_values()
{
    CaptureHost capture;
    Choices chosen;

    capture.flows = { tcp_flow(0, 0, 1000, 400), udp_flow(1, 0, 0, 4000), tcp_flow(2, 0, 250, 40) };
    capture.flows[0].values["tcp.rtt"] = qlonglong(20 * MS);
    capture.flows[2].values["tcp.rtt"] = qlonglong(0);
    Drawn<Scatter> scatter(capture, chosen);
    expect(scatter.cells(),
           { "Flow,Bytes,Duration,Ends", "0,400,1.000000000,192.0.2.1:40000 → 192.0.2.2:80",
             "2,40,0.250000000,192.0.2.1:40002 → 192.0.2.2:80", "" });
    expect(scatter.words().filter("flows"),
           { "#6b7580 2 of 3 flows have both values, above 0 · from 2023-11-14 22:13:20.000 UTC" });
    Table table = scatter.plot.table();
    g_assert_true(table.rows_of(1) == std::vector<int>({ 2 }));
    g_assert_cmpint(table.table_row(0), ==, 0);
    g_assert_cmpint(table.table_row(1), ==, -1);
    g_assert_cmpint(table.table_row(2), ==, 1);
    g_assert_cmpint(table.table_row(3), ==, -1);
    scatter.choices.is_log_y = false;
    scatter.again();
    expect(scatter.cells().mid(1), { "0,400,1.000000000,192.0.2.1:40000 → 192.0.2.2:80",
                                     "1,4000,0.000000000,192.0.2.1:40001 → 192.0.2.2:53",
                                     "2,40,0.250000000,192.0.2.1:40002 → 192.0.2.2:80", "" });
    expect(scatter.words().filter(QRegularExpression("(flows|Bytes|Duration)")),
           { "#6b7580 3 flows · from 2023-11-14 22:13:20.000 UTC", "#1f2933 Bytes",
             "#1f2933 Duration (ms)" });
    scatter.choices.y = "tcp.rtt";
    scatter.choices.is_log_x = false;
    scatter.again();
    expect(scatter.cells(),
           { "Flow,Bytes,RTT,Ends", "0,400,0.020000000,192.0.2.1:40000 → 192.0.2.2:80",
             "2,40,0.000000000,192.0.2.1:40002 → 192.0.2.2:80", "" });
    expect(scatter.words().filter(QRegularExpression("(flows|Bytes|RTT)")),
           { "#6b7580 2 of 3 flows have both values · from 2023-11-14 22:13:20.000 UTC",
             "#1f2933 Bytes (B)", "#1f2933 RTT (ms)" });
    scatter.choices.is_log_x = true;
    scatter.again();
    expect(scatter.words().filter("flows"),
           { "#6b7580 2 of 3 flows have both values, above 0 · from 2023-11-14 22:13:20.000 UTC" });
    scatter.choices.x = "nothing";
    scatter.again();
    expect(scatter.cells().mid(1), { "" });
}

void test_words_stand_side_by_side()
{
    CaptureHost capture;
    Choices chosen;

    capture.flows = { tcp_flow(0, 0, 1000, 400), udp_flow(1, 0, 0, 4000), tcp_flow(2, 0, 250, 40),
                      udp_flow(3, 0, 0, 7) };
    capture.flows[0].values["app"] = "tls";
    capture.flows[1].values["app"] = "dns";
    capture.flows[2].values["app"] = "dns";
    chosen.x = "app";
    chosen.y = "bytes";
    chosen.is_log_y = false;
    Drawn<Scatter> scatter(capture, chosen);
    expect(ranges_of(scatter.plot.axisRect()), "-0.7..1.7 -158..4198");
    expect(scatter.cells().mid(1), { "0,tls,400,192.0.2.1:40000 → 192.0.2.2:80",
                                     "1,dns,4000,192.0.2.1:40001 → 192.0.2.2:53",
                                     "2,dns,40,192.0.2.1:40002 → 192.0.2.2:80", "" });
    expect(scatter.words(),
           { "#6b7580 3 of 4 flows have both values · from 2023-11-14 22:13:20.000 UTC",
             "#1f2933 dns", "#1f2933 tls", "#1f2933 Application", "#1f2933 0", "#1f2933 1000",
             "#1f2933 2000", "#1f2933 3000", "#1f2933 4000", "#1f2933 Bytes (B)",
             "#1f2933 Established · 2", "#1f2933 not TCP · 2" });
    g_assert_cmpfloat(scatter.plot.xAxis->tickLabelRotation(), ==, 30);
    scatter.choices.x = "bytes";
    scatter.choices.y = "app";
    scatter.again();
    g_assert_cmpfloat(scatter.plot.xAxis->tickLabelRotation(), ==, 0);
    g_assert_cmpfloat(scatter.plot.yAxis->tickLabelRotation(), ==, 0);
    expect(ranges_of(scatter.plot.axisRect()), "30.3431..5273.03 -0.7..1.7");
}

void test_a_scatter_plot_fits()
{
    CaptureHost capture;
    Choices chosen;

    capture.flows = { tcp_flow(0, 0, 1000, 400), udp_flow(1, 0, 10, 4000) };
    Drawn<Scatter> scatter(capture, chosen);
    expect(ranges_of(scatter.plot.axisRect()), "348.385..4592.61 0.00758578..1.31826");
    scatter.choices.is_log_x = scatter.choices.is_log_y = false;
    scatter.again();
    expect(ranges_of(scatter.plot.axisRect()), "220..4180 -0.0395..1.0495");
    capture.flows.pop_back();
    scatter.read();
    expect(ranges_of(scatter.plot.axisRect()), "398..402 0.995..1.005");
    scatter.choices.is_log_x = true;
    scatter.again();
    expect(ranges_of(scatter.plot.axisRect()), "383.706..416.986 0.995..1.005");
    capture.flows.clear();
    scatter.read();
    expect(ranges_of(scatter.plot.axisRect()), "1..10 0..10");
}

void test_a_dot_is_a_flow()
{
    CaptureHost capture;
    Choices linear;

    linear.is_log_x = linear.is_log_y = false;
    linear.y = "pkts";
    capture.flows = { tcp_flow(0, 0, 1000, 100), udp_flow(1, 0, 10, 200), tcp_flow(2, 0, 1, 100),
                      udp_flow(3, 0, 1, 100), udp_flow(4, 0, 1, 2000) };
    for (CapturedFlow &flow : capture.flows)
        flow.values["pkts"] = 50;
    Drawn<Scatter> scatter(capture, linear);
    make_bare(scatter);
    Scatter &plot = scatter.plot;
    in_pixels(plot.axisRect());
    auto turned =
        [&](QStringList shapes) { /* from the lower edge up */
                                  for (QString &shape : shapes)
                                      shape = shape.section(',', 0, 0) + "," +
                                              QString::number(
                                                  plot.axisRect()->height() - 1 -
                                                  shape.section(QRegularExpression("[ ,]"), 2, 2)
                                                      .toDouble()) +
                                              " " + shape.section(' ', 2);
                                  return shapes;
        };
    expect(turned(scatter.shapes()),
           { "ellipse 100,50 8x8 #4477aa/0.7 -", "ellipse 200,50 8x8 #929aa3/0.7 -",
             "ellipse 100,50 8x8 #929aa3/0.7 -" });
    plot.select({ 1 });
    plot.mark(0, 0);
    expect(turned(scatter.shapes().mid(3)),
           { "ellipse 100,50 12x12 - #c0143c:1.5~", "ellipse 200,50 12x12 - #101418:2~" });
    auto at = [&](double x, double up) {
        return QPointF(plot.axisRect()->left() + x, plot.axisRect()->bottom() - up);
    };
    g_assert_cmpint(plot.row_at(at(100, 50)), ==, 0);
    g_assert_cmpint(plot.row_at(at(100, 43)), ==, 0);
    g_assert_cmpint(plot.row_at(at(100, 41)), ==, -1);
    g_assert_cmpint(plot.row_at(at(207, 50)), ==, 1);
    expect(texts_of(plot.rows_in(QRectF(at(90, 60), at(110, 40)))), { "0", "2", "3" });
    expect(texts_of(plot.rows_in(QRectF(at(90, 60), at(210, 40)))), { "0", "1", "2", "3" });
    expect(texts_of(plot.rows_in(QRectF(at(90, 49), at(210, 40)))), {});
    /* As much of a dot as is in sight is drawn. */
    plot.xAxis->setRange(105, 105 + plot.axisRect()->width());
    g_assert_cmpint(scatter.shapes().filter(QRegularExpression("^ellipse -5,.* 8x8")).size(), ==,
                    2);
    plot.xAxis->setRange(107, 107 + plot.axisRect()->width());
    g_assert_cmpint(scatter.shapes().filter(QRegularExpression("^ellipse -7,.* 8x8")).size(), ==,
                    0);
}

/* Of more than 5,000 dots each is a square, and lighter. */
void test_many_dots_are_small()
{
    CaptureHost capture;
    Choices linear;

    linear.is_log_x = linear.is_log_y = false;
    linear.y = "pkts";
    for (uint32_t i = 0; i < 5001; i++)
        capture.flows.push_back(tcp_flow(i, 0, 1, 100 + (i % 2) * 100));
    Drawn<Scatter> scatter(capture, linear);
    make_bare(scatter);
    in_pixels(scatter.plot.axisRect());
    expect(scatter.shapes().join('\n').replace(QRegularExpression(",\\S+"), "").split('\n'),
           { "rect 98 4x4 #4477aa/0.6 -", "rect 198 4x4 #4477aa/0.6 -" });
    capture.flows.pop_back();
    scatter.read();
    in_pixels(scatter.plot.axisRect());
    expect(scatter.shapes().join('\n').replace(QRegularExpression(",\\S+"), "").split('\n'),
           { "ellipse 100 8x8 #4477aa/0.7 -", "ellipse 200 8x8 #4477aa/0.7 -" });
}

} // namespace

#define ADD(test) g_test_add_func("/views/" #test, test_##test)

int main(int argc, char **argv)
{
    do_without_a_screen();
    QApplication application(argc, argv);
    g_test_init(&argc, &argv, nullptr);
    ADD(a_timeline_has_a_row_for_each_flow);
    ADD(a_timeline_is_sorted);
    ADD(groups_stand_apart);
    ADD(a_bar_goes_from_the_first_to_the_last_packet);
    ADD(labels_stand_where_there_is_room);
    ADD(what_went_wrong_is_marked);
    ADD(more_lines_than_pixels_share_them);
    ADD(of_a_bar_in_sight_the_packets_are_read_once);
    ADD(a_selected_bar_has_a_frame);
    ADD(a_bar_is_found_where_it_is);
    ADD(a_timeline_fits);
    ADD(intervals_are_round);
    ADD(over_time_has_a_row_for_each_interval);
    ADD(throughput_is_made_of_classes);
    ADD(lines_are_live_and_new_flows);
    ADD(times_have_a_shape_each);
    ADD(names_of_times_are_those_that_are_there);
    ADD(too_many_times_have_no_shape);
    ADD(over_time_says_what_is_where);
    ADD(over_time_fits);
    ADD(who_counts_by_what_is_chosen);
    ADD(bars_are_made_of_classes);
    ADD(who_says_what_is_where);
    ADD(the_rest_is_one_bar);
    ADD(a_scatter_plot_has_flows_with_both_values);
    ADD(words_stand_side_by_side);
    ADD(a_scatter_plot_fits);
    ADD(a_dot_is_a_flow);
    ADD(many_dots_are_small);
    return g_test_run();
}
