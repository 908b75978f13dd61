#include "capture_host.h"
#include "over_time.h"
#include "recording.h"
#include "scatter.h"
#include "timeline.h"
#include "who.h"

#include <QApplication>
#include <QBuffer>
#include <QImage>
#include <QProcess>
#include <cmath>
#include <cstdio>
#include <cstring>

/* What pictures are made of, what they draw, and what they say. */

namespace
{

const double UNKNOWN = std::numeric_limits<double>::quiet_NaN();

QStringList texts_of(const std::vector<double> &numbers)
{
    QStringList texts;

    for (double number : numbers)
        texts += QString::number(number, 'g', 10);
    return texts;
}

/* Flows */

void test_values_are_kept_by_their_kind()
{
    CaptureHost capture;
    CapturedFlow first = tcp_flow(3, 2500, 4000, 1000), second = udp_flow(5, 0, 1500, 200);

    first.values["tcp.rtt"] = qlonglong(12 * MS);
    first.values["entropy"] = 3.25;
    capture.flows = { first, second };
    Flows flows(capture.host());
    g_assert_cmpuint(flows.size(), ==, 0);
    flows.read(FLOW_PICTURE_ALL);
    g_assert_cmpuint(flows.size(), ==, 2);
    g_assert_cmpuint(flows.generation(), ==, 1);
    g_assert_cmpint(flows.base(), ==, BEGIN);
    expect(texts_of(flows.column("bytes")->numbers), { "1000", "200" });
    expect(texts_of(flows.column("start")->numbers), { "2.5", "0" });
    expect(texts_of(flows.column("last")->numbers), { "4", "1.5" });
    expect(texts_of(flows.column("tcp.rtt")->numbers), { "0.012", "nan" });
    expect(texts_of(flows.column("entropy")->numbers), { "3.25", "nan" });
    expect(flows.column("entropy")->label, "Entropy");
    g_assert_cmpuint(flows.column("src")->words.size(), ==, 2);
    g_assert_cmpuint(flows.column("src")->words[0], ==, flows.column("src")->words[1]);
    g_assert_cmpuint(flows.column("app")->words[1], ==, 0);
    g_assert_true(flows.column("src")->numbers.empty());
    g_assert_true(flows.column("bytes")->words.empty());
    expect(flows.text("app", 0), "http");
    expect(flows.text("app", 1), "");
    expect(flows.text("app", 2), "");
    g_assert_cmpfloat(flows.number("bytes", 1), ==, 200);
    g_assert_true(std::isnan(flows.number("bytes", 2)));
    g_assert_true(std::isnan(flows.number("nothing", 0)));
    expect(flows.text("nothing", 0), "");
    g_assert_cmpuint(flows.flow(0), ==, 3);
    g_assert_cmpint(flows.row(5), ==, 1);
    g_assert_cmpint(flows.row(4), ==, -1);
    g_assert_cmpint(flows.row(6), ==, -1);
    flows.clear();
    g_assert_cmpuint(flows.size(), ==, 0);
    g_assert_cmpint(flows.base(), ==, 0);
    g_assert_true(flows.column("src")->words.empty());
    g_assert_true(flows.column("bytes")->numbers.empty());
    expect(flows.word(0), "");
}

/* Captures can say anything: what nanoseconds cannot say are seconds here. */
void test_moments_can_be_any()
{
    const int64_t least = std::numeric_limits<int64_t>::min();
    CaptureHost capture;
    CapturedFlow first = tcp_flow(3, 0, 1000, 1000), second = udp_flow(5, 0, 1500, 200);

    first.values["start"] = qlonglong(std::numeric_limits<int64_t>::max());
    second.values["start"] = qlonglong(least);
    capture.flows = { first, second };
    Flows flows(capture.host());
    flows.read(FLOW_PICTURE_ALL);
    expect(texts_of(flows.column("start")->numbers), { "1.844674407e+10", "0" });
    g_assert_cmpfloat(flows.since_base(least + 5000 * MS), ==, 5);
}

/* Nothing is asked twice, and one that is asked for alone is asked for alone. */
void test_a_column_is_asked_for_once()
{
    CaptureHost capture;

    capture.flows = { tcp_flow(0, 0, 10, 8) };
    Flows flows(capture.host());
    g_assert_true(capture.asked.isEmpty());
    flows.read(FLOW_PICTURE_ALL);
    g_assert_cmpint(capture.asked.size(), ==, 2);
    expect(capture.asked[0], "start");
    capture.asked.clear();
    g_assert_nonnull(flows.column("bytes"));
    g_assert_true(capture.asked.isEmpty());
    const Column *duration = flows.column("duration");
    expect(texts_of(duration->numbers), { "0.01" });
    expect(capture.asked, { "duration" });
    g_assert_true(flows.column("duration") == duration);
    g_assert_null(flows.column("nothing"));
    g_assert_null(flows.column("nothing"));
    expect(capture.asked, { "duration" });
    g_assert_cmpuint(flows.fields().size(), ==, 23);
    expect(QString(flows.fields()[1].label), "First Frame");
}

void test_what_cannot_be_asked_is_nothing()
{
    CaptureHost capture;

    capture.flows = { tcp_flow(0, 0, 10, 8) };
    Flows flows(capture.host());
    flows.read(FLOW_PICTURE_ALL);
    capture.now.generation = 0;
    /* Those of another file: a column that is asked for now has no values. */
    g_assert_true(std::isnan(flows.column("duration")->numbers[0]));
    flows.read(FLOW_PICTURE_ALL);
    g_assert_cmpuint(flows.size(), ==, 0);
    g_assert_true(flows.samples().empty());
}

/* Time 0 is that of all flows, whatever is shown; what is not displayed is not there. */
void test_of_the_displayed_ones_the_packets_are()
{
    CaptureHost capture;

    capture.flows = { tcp_flow(0, 0, 10, 8), tcp_flow(1, 500, 900, 80), tcp_flow(2, 600, 700, 8) };
    capture.flows[0].is_displayed = { false, false };
    capture.flows[1].is_displayed = { false, true };
    Flows flows(capture.host());
    flows.read(FLOW_PICTURE_DISPLAYED);
    expect(texts_of(flows.column("id")->numbers), { "1", "2" });
    expect(texts_of(flows.column("start")->numbers), { "0.5", "0.6" });
    expect(texts_of(flows.column("duration")->numbers), { "0.4", "0.1" });
    std::vector<double> times;
    for (const Sample &sample : flows.samples())
        times.push_back(sample.time);
    expect(texts_of(times), { "0.9", "0.6", "0.7" });
}

void test_packets_are_samples()
{
    CaptureHost capture;
    CapturedFlow flow = tcp_flow(4, 0, 200, 400), other = tcp_flow(6, 100, 300, 4);

    flow.packets = { packet_at(1, 0, 100, false), packet_at(2, 50, 300, true, 0, 50),
                     packet_at(3, 200, 7, false, 0, 0), packet_at(4, 250, 5, true, 0, 50) };
    flow.packets[3].has_time = false;
    capture.flows = { flow, other };
    Flows flows(capture.host());
    flows.read(FLOW_PICTURE_ALL);
    g_assert_cmpint(capture.handed_out, ==, 0);
    QStringList said;
    for (const Sample &sample : flows.samples())
        said += QString("%1 row %2, %3 bytes, %4")
                    .arg(sample.time)
                    .arg(sample.row)
                    .arg(uint32_t(sample.bytes))
                    .arg(sample.is_down ? "down" : "up");
    expect(said,
           { "0 row 0, 100 bytes, up", "0.05 row 0, 300 bytes, down", "0.2 row 0, 7 bytes, up",
             "0.1 row 1, 1 bytes, up", "0.3 row 1, 3 bytes, down" });
    said.clear();
    for (const Answer &answer : flows.answers())
        said += QString("%1 after %2, row %3").arg(answer.time).arg(answer.wait).arg(answer.row);
    expect(said, { "0.05 after 0.05, row 0", "0.2 after 0, row 0" });
    g_assert_cmpint(capture.handed_out, ==, 6);

    /* They are read with what follows, too. */
    flows.read(FLOW_PICTURE_ALL);
    g_assert_cmpint(capture.handed_out, ==, 12);
    g_assert_cmpuint(flows.samples().size(), ==, 5);
    g_assert_cmpuint(flows.answers().size(), ==, 2);

    g_assert_cmpfloat_with_epsilon(flows.time_of(0, 2), 0.05, 1e-9);
    g_assert_cmpint(capture.handed_out, ==, 14); /* not what comes after it */
    g_assert_true(std::isnan(flows.time_of(0, 4)));
    g_assert_true(std::isnan(flows.time_of(1, 2)));
}

/* Of the files before, only what was read is there; times are since the first of all. */
void test_files_are_added()
{
    CaptureHost capture;

    capture.flows = { tcp_flow(0, 1000, 2000, 8), tcp_flow(1, 1500, 1600, 40) };
    capture.flows[0].packets[1].response_ns = 5 * MS;
    Flows flows(capture.host());
    flows.add(FLOW_PICTURE_TALLY);
    g_assert_cmpuint(flows.samples().size(), ==, 4);
    capture.now.generation = 2;
    capture.flows = { udp_flow(0, 0, 300, 8), tcp_flow(2, 3000, 3100, 12) };
    flows.add(FLOW_PICTURE_TALLY);
    g_assert_cmpuint(flows.size(), ==, 4);
    g_assert_cmpuint(flows.generation(), ==, 2);
    g_assert_cmpint(flows.base(), ==, BEGIN);
    expect(texts_of(flows.column("start")->numbers), { "1", "1.5", "0", "3" });
    expect(texts_of(flows.column("bytes")->numbers), { "8", "40", "8", "12" });
    std::vector<double> times;
    for (const Sample &sample : flows.samples())
        times.push_back(sample.time);
    expect(texts_of(times), { "1", "2", "1.5", "1.6", "0", "0.3", "3", "3.1" });
    g_assert_cmpfloat_with_epsilon(flows.answers()[0].time, 2, 1e-9);
    g_assert_cmpfloat_with_epsilon(flows.answers()[0].wait, 0.005, 1e-9);
    expect(texts_of(flows.column("duration")->numbers), { "nan", "nan", "0.3", "0.1" });
    g_assert_cmpint(flows.row(0), ==, 2);
    g_assert_cmpint(flows.row(1), ==, -1);
    g_assert_true(std::isnan(flows.time_of(0, 1)));
    g_assert_cmpfloat_with_epsilon(flows.time_of(3, 25), 3.1, 1e-9);

    /* One that begins later moves nothing, and one without times neither. */
    capture.now.generation = 3;
    capture.flows = { tcp_flow(7, 9000, 9100, 8), tcp_flow(8, 0, 0, 8) };
    capture.flows[1].values.remove("start");
    flows.add(FLOW_PICTURE_TALLY);
    expect(texts_of(flows.column("start")->numbers), { "1", "1.5", "0", "3", "9", "nan" });
    flows.read(FLOW_PICTURE_ALL);
    expect(texts_of(flows.column("start")->numbers), { "0", "nan" });
    expect(texts_of(flows.column("duration")->numbers), { "0.1", "0" });
}

void test_ends_have_names()
{
    CaptureHost capture;

    capture.flows = { tcp_flow(0, 0, 1, 8), tcp_flow(1, 0, 1, 8), udp_flow(2, 0, 1, 8) };
    capture.flows[1].values["src"] = "2001:db8::1";
    capture.flows[1].values["host"] = "www.example.org";
    capture.flows[2].values.remove("srcport");
    capture.flows[2].values.remove("dstport");
    capture.flows[2].values["dst"] = "2001:db8::2";
    Flows flows(capture.host());
    flows.read(FLOW_PICTURE_ALL);
    expect(flows.ends(0), "192.0.2.1:40000 → 192.0.2.2:80");
    expect(flows.ends(1), "[2001:db8::1]:40001 → 192.0.2.2:80");
    expect(flows.ends(2), "192.0.2.1 → 2001:db8::2");
    expect(flows.server(0), "192.0.2.2");
    expect(flows.server(1), "www.example.org");
}

/* Numbers and colours */

void test_numbers_have_their_unit()
{
    static const struct {
        double number;
        const char *seconds, *bytes;
    } rows[] = {
        { 0, "0 s", "0 B" },
        { 1, "1 s", "1 B" },
        { 59, "59 s", "59 B" },
        { 60, "1 min", "60 B" },
        { 90, "1.5 min", "90 B" },
        { 3599, "60 min", "3.6 kB" },
        { 3600, "1 h", "3.6 kB" },
        { 86399, "24 h", "86.4 kB" },
        { 86400, "1 d", "86.4 kB" },
        { 1e6, "11.6 d", "1 MB" },
        { 1234567, "14.3 d", "1.23 MB" },
        { 1e9, "1.157e+04 d", "1 GB" },
        { 2.5e12, "2.894e+07 d", "2.5 TB" },
        { 999, "16.6 min", "999 B" },
        { 1000, "16.7 min", "1 kB" },
        { -90, "-1.5 min", "-90 B" },
        { UNKNOWN, "-", "-" },
    };
    static const struct {
        double seconds;
        const char *text;
    } small[] = { { 0.5, "500 ms" },     { 1e-3, "1 ms" },     { 0.0123456, "12.3 ms" },
                  { 9.99e-4, "999 µs" }, { 1.5e-6, "1.5 µs" }, { 1e-6, "1 µs" },
                  { 2e-9, "2 ns" },      { 5e-10, "0.5 ns" } };

    for (const auto &row : rows) {
        expect(seconds_text(row.number), row.seconds);
        expect(bytes_text(row.number), row.bytes);
    }
    for (const auto &row : small)
        expect(seconds_text(row.seconds), row.text);
    expect(rate_text(1500), "1.5 kbit/s");
    expect(bytes_text(5000e12), "5000 TB");
    expect(english(1234567), "1,234,567");
    expect(counted(1, "flow"), "1 flow");
    expect(counted(0, "flow"), "0 flows");
    expect(counted(1000, "packet"), "1,000 packets");
}

void test_cells_are_exact()
{
    CaptureHost capture;

    capture.flows = { tcp_flow(0, 0, 1500, 123456789012) };
    capture.flows[0].values["entropy"] = 1.23456789;
    Flows flows(capture.host());
    flows.read(FLOW_PICTURE_ALL);
    expect(cell_text(flows, *flows.column("bytes"), 0), "123456789012");
    expect(cell_text(flows, *flows.column("entropy"), 0), "1.23457");
    expect(cell_text(flows, *flows.column("last"), 0), "1.500000000");
    expect(cell_text(flows, *flows.column("duration"), 0), "1.500000000");
    expect(cell_text(flows, *flows.column("app"), 0), "http");
    expect(cell_text(flows, *flows.column("tcp.rtt"), 0), "-");
}

void test_long_names_have_two_ends()
{
    QString forty_four(44, 'x');

    g_assert_true(short_name(forty_four) == forty_four);
    expect(short_name("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRS"),
           "abcdefghijklmnopqrstuv…xyzABCDEFGHIJKLMNOPQRS");
}

void test_looks()
{
    expect(look_of(false).background.name(), "#ffffff");
    expect(look_of(true).background.name(), "#1c1e21");
    g_assert_true(look_of(true).text.lightness() > 200 && look_of(false).text.lightness() < 80);
    expect(colour_number(0).name(), "#4477aa");
    expect(colour_number(7).name(), "#ee99aa");
    expect(colour_number(8).name(), "#929aa3");
    g_assert_true(colouring_named("direction") == Colouring::Direction);
    g_assert_true(colouring_named("protocol") == Colouring::Protocol);
    g_assert_true(colouring_named("application") == Colouring::Application);
    g_assert_true(colouring_named("server") == Colouring::Server);
    g_assert_true(colouring_named("flow") == Colouring::Flow);
    g_assert_true(colouring_named("nonsense") == Colouring::State);
}

QStringList classes_said(Flows &flows, Colouring by)
{
    Classes classes = classes_of(flows, by);
    QStringList said;

    for (int i = 0; i < classes.names.size(); i++)
        said += classes.names[i] + " " + classes.colours[size_t(i)].name() + " " +
                QString::number(classes.amounts[size_t(i)]);
    QStringList rows;
    for (uint8_t number : classes.of_row)
        rows += QString::number(number);
    g_assert_cmpuint(classes.colours.size(), ==, classes.amounts.size());
    return said << (classes.are_bytes ? "bytes " : "flows ") + rows.join(' ');
}

void test_classes_of_flows()
{
    CaptureHost capture;

    capture.flows = { udp_flow(0, 0, 1, 100), tcp_flow(1, 0, 1, 10), tcp_flow(2, 0, 1, 10),
                      tcp_flow(3, 0, 1, 10), udp_flow(4, 0, 1, 20) };
    capture.flows[2].values["tcp.state_name"] = "Reset";
    capture.flows[2].values["host"] = "www.example.org";
    capture.flows[3].values["tcp.state_name"] = "Odd";
    capture.flows[1].values["up.bytes"] = 0;
    capture.flows[2].values["down.bytes"] = 0;
    capture.flows[3].values["up.bytes"] = 5;
    capture.flows[3].values["down.bytes"] = 5;
    capture.flows[4].values.remove("bytes");
    Flows flows(capture.host());
    flows.read(FLOW_PICTURE_ALL);
    expect(classes_said(flows, Colouring::State),
           { "not TCP #929aa3 2", "Established #4477aa 1", "Reset #cc3311 1", "Odd #929aa3 1",
             "flows 0 1 2 3 0" });
    expect(classes_said(flows, Colouring::Protocol),
           { "TCP #4477aa 3", "UDP #ee7733 2", "flows 1 0 0 0 1" });
    expect(classes_said(flows, Colouring::Application),
           { "http #4477aa 3", "none #ee7733 2", "flows 1 0 0 0 1" });
    expect(classes_said(flows, Colouring::Direction),
           { "more down #4477aa 2", "only down #ee7733 1", "only up #228833 1", "more up #aa3377 1",
             "flows 0 1 2 3 0" });
    expect(classes_said(flows, Colouring::Server),
           { "192.0.2.2 #4477aa 120", "www.example.org #ee7733 10", "bytes 0 0 1 0 0" });
    expect(
        classes_said(flows, Colouring::Flow),
        { "192.0.2.1:40000 → 192.0.2.2:53 #4477aa 100", "192.0.2.1:40001 → 192.0.2.2:80 #ee7733 10",
          "192.0.2.1:40002 → 192.0.2.2:80 #228833 10", "192.0.2.1:40003 → 192.0.2.2:80 #aa3377 10",
          "192.0.2.1:40004 → 192.0.2.2:53 #66ccee 0", "bytes 0 1 2 3 4" });
}

/* Nine have a colour or grey of their own; of more the ninth is all the others. */
void test_too_many_classes_are_others()
{
    CaptureHost capture;

    for (uint32_t i = 0; i < 9; i++) {
        capture.flows.push_back(tcp_flow(i, 0, 1, 100 - i));
        capture.flows.back().values["dst"] = "h" + QString::number(i);
    }
    Flows flows(capture.host());
    flows.read(FLOW_PICTURE_ALL);
    Classes nine = classes_of(flows, Colouring::Server);
    g_assert_cmpint(nine.names.size(), ==, 9);
    expect(nine.names[8], "h8");
    for (uint32_t i = 9; i < 11; i++) {
        capture.flows.push_back(tcp_flow(i, 0, 1, 100 - i));
        capture.flows.back().values["dst"] = "h" + QString::number(i);
    }
    flows.read(FLOW_PICTURE_ALL);
    expect(classes_said(flows, Colouring::Server),
           { "h0 #4477aa 100", "h1 #ee7733 99", "h2 #228833 98", "h3 #aa3377 97", "h4 #66ccee 96",
             "h5 #ccbb44 95", "h6 #009988 94", "h7 #ee99aa 93", "others #929aa3 273",
             "bytes 0 1 2 3 4 5 6 7 8 8 8" });
}

void test_each_state_has_its_colour()
{
    static const char *const states[][2] = {
        { "Established", "#4477aa" }, { "Closed", "#228833" },      { "Reset", "#cc3311" },
        { "SynSent", "#ee7733" },     { "SynReceived", "#ccbb44" }, { "FinWait", "#66ccee" },
        { "CloseWait", "#009988" },   { "Closing", "#aa3377" },     { "Unknown", "#7a828a" },
    };

    for (const auto &[name, colour] : states) {
        CaptureHost capture;
        capture.flows = { tcp_flow(0, 0, 1, 10) };
        capture.flows[0].values["tcp.state_name"] = name;
        Flows flows(capture.host());
        flows.read(FLOW_PICTURE_ALL);
        expect(classes_of(flows, Colouring::State).colours[0].name(), colour);
    }
}

/* Axes */

/* The axis's label, and the texts of its ticks. */
QString ticks_of(QCPAxisTicker &ticker, QCPAxis *axis, double lower, double upper)
{
    QVector<double> ticks, sub_ticks;
    QVector<QString> labels;
    QStringList said;

    ticker.generate(QCPRange(lower, upper), QLocale::c(), 'g', 6, ticks, &sub_ticks, &labels);
    for (int i = 0; i < ticks.size(); i++) {
        said += labels[i];
        /* The tick is where it says that it is, or the next one would be as far as that. */
        g_assert_true(i == 0 || ticks[i] > ticks[i - 1]);
    }
    return axis->label() + ": " + said.join(' ');
}

void test_axes_have_round_numbers_of_a_unit()
{
    QCustomPlot plot;
    QCPAxis *axis = plot.xAxis;
    UnitTicker seconds(axis, "Time", UnitTicker::Of::Seconds),
        bits(axis, "Throughput (bit/s)", UnitTicker::Of::Counts),
        flows(axis, "Flows", UnitTicker::Of::Counts), reals(axis, "Ratio", UnitTicker::Of::Reals),
        nameless(axis, "", UnitTicker::Of::Seconds);

    expect(ticks_of(seconds, axis, 0, 10), "Time (s): 0 2 4 6 8 10");
    expect(ticks_of(seconds, axis, 0, 2), "Time (s): 0.0 0.5 1.0 1.5 2.0");
    expect(ticks_of(seconds, axis, 0, 1), "Time (ms): 0 200 400 600 800 1000");
    expect(ticks_of(seconds, axis, 100, 100.01),
           "Time (ms): 100000 100002 100004 100006 100008 100010");
    expect(ticks_of(seconds, axis, -1, 1.25e-3), "Time (ms): -1000 -800 -600 -400 -200 0");
    expect(ticks_of(seconds, axis, 0, 1.01e-3), "Time (µs): 0 200 400 600 800 1000");
    expect(ticks_of(seconds, axis, 0, 1.01e-6), "Time (ns): 0 200 400 600 800 1000");
    expect(ticks_of(seconds, axis, 0, 599), "Time (s): 0 100 200 300 400 500");
    expect(ticks_of(seconds, axis, 0, 600), "Time (min): 0 2 4 6 8 10");
    expect(ticks_of(seconds, axis, 0, 5 * 3600 - 1), "Time (min): 0 50 100 150 200 250");
    expect(ticks_of(seconds, axis, 0, 5 * 3600), "Time (h): 0 1 2 3 4 5");
    expect(ticks_of(seconds, axis, 0, 5 * 86400), "Time (d): 0 1 2 3 4 5");
    expect(ticks_of(bits, axis, 0, 4999), "Throughput (bit/s): 0 1000 2000 3000 4000");
    expect(ticks_of(bits, axis, 0, 5000), "Throughput (kbit/s): 0 1 2 3 4 5");
    expect(ticks_of(bits, axis, 0, 5e6), "Throughput (Mbit/s): 0 1 2 3 4 5");
    expect(ticks_of(bits, axis, 0, 5e9), "Throughput (Gbit/s): 0 1 2 3 4 5");
    expect(ticks_of(bits, axis, 0, 5e12), "Throughput (Tbit/s): 0 1 2 3 4 5");
    expect(ticks_of(flows, axis, 0, 1), "Flows: 0 1");
    expect(ticks_of(flows, axis, 0, 5e4), "Flows (k): 0 10 20 30 40 50");
    expect(ticks_of(reals, axis, 0, 1), "Ratio: 0.0 0.2 0.4 0.6 0.8 1.0");
    expect(ticks_of(nameless, axis, 0, 10), ": 0 2 4 6 8 10");

    QVector<double> ticks, sub_ticks;
    seconds.generate(QCPRange(0, 1), QLocale::c(), 'g', 6, ticks, &sub_ticks, nullptr);
    g_assert_cmpfloat_with_epsilon(ticks[1], 0.2, 1e-9);
    g_assert_cmpfloat_with_epsilon(sub_ticks[1] - sub_ticks[0], 0.05, 1e-9);
}

void test_logarithms_have_a_unit_each()
{
    QCustomPlot plot;
    LogTicker seconds(UnitTicker::Of::Seconds, ""), bytes(UnitTicker::Of::Counts, "B"),
        counts(UnitTicker::Of::Counts, "");

    expect(ticks_of(seconds, plot.xAxis, 1e-6, 100), ": 1 µs 100 µs 10 ms 1 s 100 s");
    expect(ticks_of(seconds, plot.xAxis, 1e-5, 0.1), ": 10 µs 100 µs 1 ms 10 ms 100 ms");
    expect(ticks_of(bytes, plot.xAxis, 1, 1e4), ": 1 B 10 B 100 B 1 kB 10 kB");
    expect(ticks_of(counts, plot.xAxis, 100, 1e6), ": 100 1 k 10 k 100 k 1 M");
}

void test_words_have_whole_places()
{
    QCustomPlot plot;
    WordTicker words({ "a", "b", QString(50, 'c') });

    expect(ticks_of(words, plot.xAxis, -0.7, 1.2), ": a b");
    expect(ticks_of(words, plot.xAxis, 1.5, 2.5), (": " + short_name(QString(50, 'c'))).toUtf8());
    QVector<double> ticks, sub_ticks;
    words.generate(QCPRange(0, 2), QLocale::c(), 'g', 6, ticks, &sub_ticks, nullptr);
    g_assert_cmpint(ticks.size(), ==, 3);
    g_assert_true(sub_ticks.isEmpty());
}

/* What all pictures share */

void test_above_a_picture_stands_what_it_is_of()
{
    CaptureHost capture;
    Choices chosen;

    capture.flows = { tcp_flow(0, 0, 1000, 400), udp_flow(1, 500, 700, 4000) };
    chosen.file = "sample.pcapng";
    chosen.filter = "ip.ttl == 64";
    Drawn<Scatter> scatter(capture, chosen);
    QStringList words = scatter.words();
    expect(words.mid(0, 2),
           { "#1f2933 bold sample.pcapng",
             "#6b7580 2 flows · from 2023-11-14 22:13:20.000 UTC · filter: ip.ttl == 64" });
    expect(words.filter("·"),
           { "#6b7580 2 flows · from 2023-11-14 22:13:20.000 UTC · filter: ip.ttl == 64",
             "#1f2933 Established · 1", "#1f2933 not TCP · 1" });
    scatter.choices.colour_by = "server";
    scatter.again();
    expect(scatter.words().filter("·"),
           { "#6b7580 2 flows · from 2023-11-14 22:13:20.000 UTC · filter: ip.ttl == 64",
             "#1f2933 192.0.2.2 · 4.4 kB" });
    capture.flows.clear();
    scatter.flows.read(FLOW_PICTURE_ALL);
    scatter.choices.filter = "";
    scatter.again();
    expect(scatter.words().filter("flow"), { "#6b7580 0 flows" });
}

/* Squares and names, as many in a line as there is room for. */
void test_a_legend_has_the_lines_that_it_needs()
{
    CaptureHost capture;

    for (uint32_t i = 0; i < 4; i++) {
        capture.flows.push_back(tcp_flow(i, 0, 1, 100 - i));
        capture.flows.back().values["app"] = "a";
    }
    Choices chosen;
    chosen.colour_by = "application";
    Drawn<Scatter> one(capture, chosen);
    for (uint32_t i = 0; i < 4; i++)
        capture.flows[i].values["app"] = QString(70, QChar('a' + int(i)));
    Drawn<Scatter> four(capture, chosen);
    QStringList squares = drawing_of(four.plot, {}).filter(QRegularExpression("^rect 12,"));
    QStringList texts =
        drawing_of(four.plot, {}).filter(QRegularExpression("(aaaa|bbbb|cccc|dddd)"));
    g_assert_cmpint(squares.size(), ==, 4);
    g_assert_cmpint(texts.size(), ==, 4);
    double line = QFontMetrics(QFont("DejaVu Sans", 8)).height() + 3;
    for (int i = 0; i < 4; i++) {
        QStringList square = squares[i].split(QRegularExpression("[ ,x]")),
                    text = texts[i].split(QRegularExpression("[ ,]"));
        expect(square[5], colour_number(size_t(i)).name().toUtf8());
        g_assert_cmpfloat(square[2].toDouble() -
                              squares[0].split(QRegularExpression("[ ,]"))[2].toDouble(),
                          ==, i * line);
        g_assert_cmpfloat(square[3].toDouble(), ==, square[4].toDouble());
        /* A word stands right of its square, on its lower edge. */
        g_assert_cmpfloat(text[1].toDouble(), ==, 12 + square[3].toDouble() + 6);
        g_assert_cmpfloat(text[2].toDouble(), ==, square[2].toDouble() + square[4].toDouble());
    }
    /* Room for three more lines. */
    g_assert_cmpint(one.plot.axisRect()->top() + int(3 * line), ==, four.plot.axisRect()->top());
}

/* One that is wider than the picture begins where the others do, and leaves no empty line. */
void test_a_legend_has_no_empty_line()
{
    CaptureHost capture;
    Choices chosen;

    capture.flows = { tcp_flow(0, 0, 1, 100), tcp_flow(1, 0, 1, 100) };
    chosen.colour_by = "application";
    capture.flows[0].values["app"] = QString(70, 'a');
    capture.flows[1].values["app"] = QString(70, 'b');
    Drawn<Scatter> two(capture, chosen);
    capture.flows[0].values["app"] = QString(200, 'a');
    capture.flows[1].values["app"] = QString(200, 'b');
    Drawn<Scatter> wide(capture, chosen);
    g_assert_cmpint(wide.plot.axisRect()->top(), ==, two.plot.axisRect()->top());
}

void test_axes_are_quiet()
{
    CaptureHost capture;
    Choices dark;

    capture.flows = { tcp_flow(0, 0, 1000, 400) };
    dark.is_dark = true;
    for (const Choices &chosen : { Choices(), dark }) {
        Drawn<OverTime> over_time(capture, chosen);
        const Look &look = look_of(chosen.is_dark);
        g_assert_cmpint(over_time.plot.axisRectCount(), ==, 3);
        for (QCPAxisRect *area : over_time.plot.axisRects())
            for (QCPAxis *axis : { area->axis(QCPAxis::atLeft), area->axis(QCPAxis::atBottom) }) {
                g_assert_true(axis->basePen().color() == look.faint);
                g_assert_true(axis->tickPen().color() == look.faint);
                g_assert_true(axis->subTickPen().color() == look.faint);
                g_assert_true(axis->tickLabelColor() == look.text);
                g_assert_true(axis->labelColor() == look.text);
                g_assert_true(axis->grid()->pen().color() == look.grid);
                g_assert_true(axis->grid()->zeroLinePen().color() == look.grid);
                g_assert_cmpint(axis->tickLabelFont().pointSize(), ==, 8);
                g_assert_cmpint(axis->labelFont().pointSize(), ==, 9);
                g_assert_false(axis->labelFont().bold());
                g_assert_cmpint(axis->labelPadding(), ==, 6);
                g_assert_cmpint(axis->padding(), ==, 10);
                g_assert_cmpint(axis->tickLengthIn(), ==, 0);
                g_assert_cmpint(axis->tickLengthOut(), ==, 4);
                g_assert_cmpint(axis->subTickLengthIn(), ==, 0);
                g_assert_cmpint(axis->subTickLengthOut(), ==, 2);
            }
    }
}

/* Title, what it is of, legend, axes: one below the other, and the axes have what is left. */
void test_the_axes_have_the_room()
{
    CaptureHost capture;
    Choices chosen;

    capture.flows = { tcp_flow(0, 0, 1000, 400) };
    chosen.file = "sample.pcapng";
    Drawn<Timeline> timeline(capture, chosen);
    QStringList texts = drawing_of(timeline.plot, {}).filter(QRegularExpression("^text"));
    auto baseline = [&](const QString &word) {
        QStringList line = texts.filter(word)[0].split(QRegularExpression("[ ,]"));
        return QPointF(line[1].toDouble(), line[2].toDouble());
    };
    QPointF title = baseline("sample"), of = baseline("1 flow"), legend = baseline("Established");
    QFontMetrics large([] {
        QFont font("DejaVu Sans", 11);
        font.setBold(true);
        return font;
    }()),
        small(QFont("DejaVu Sans", 8));
    g_assert_cmpfloat(title.x(), ==, 12);
    g_assert_cmpfloat_with_epsilon(title.y(), 8 + large.ascent(), 2);
    g_assert_cmpfloat(of.x(), ==, 12);
    g_assert_cmpfloat_with_epsilon(of.y(), 8 + large.height() + 2 + small.ascent(), 4);
    g_assert_cmpfloat_with_epsilon(legend.y(), of.y() + small.height() + 8, 5);
    QRect area = timeline.plot.axisRect()->rect();
    g_assert_cmpint(area.top(), >, legend.y());
    g_assert_cmpint(area.top(), <, legend.y() + 20);
    g_assert_cmpint(area.right(), ==, 799 - 18);
    g_assert_cmpint(area.height(), >, 450);
    g_assert_cmpint(timeline.plot.minimumWidth(), ==, 320);
    g_assert_cmpint(timeline.plot.minimumHeight(), ==, 200);
}

void test_hovering_says_what_is_known_of_a_flow()
{
    CaptureHost capture;

    capture.flows = { tcp_flow(0, 0, 1000, 400), udp_flow(1, 500, 700, 4000) };
    capture.flows[0].values["tcp.rtt"] = qlonglong(20 * MS);
    capture.flows[0].values["host"] = "www.example.org";
    capture.flows[1].values["pkts"] = 1;
    Drawn<Scatter> scatter(capture);
    expect(scatter.plot.describe(0).split('\n'),
           { "TCP 192.0.2.1:40000 → 192.0.2.2:80", "www.example.org", "400 B, 2 packets, 1 s",
             "RTT 20 ms", "Established", "http" });
    expect(scatter.plot.describe(1).split('\n'),
           { "UDP 192.0.2.1:40001 → 192.0.2.2:53", "4 kB, 1 packet, 200 ms" });
}

void test_a_picture_is_moved_and_zoomed()
{
    CaptureHost capture;
    Choices linear;

    capture.flows = { tcp_flow(0, 0, 1000, 400) };
    linear.is_log_x = linear.is_log_y = false;
    Drawn<Scatter> scatter(capture, linear);
    Drawn<Who> who(capture);
    Drawn<Scatter> log(capture);
    auto ranges = [](Plot &plot) {
        QCPRange x = plot.xAxis->range(), y = plot.yAxis->range();
        return QString("%1..%2 %3..%4").arg(x.lower).arg(x.upper).arg(y.lower).arg(y.upper);
    };
    auto reset = [](Plot &plot) {
        plot.xAxis->setRange(0, 100);
        plot.yAxis->setRange(0, 10);
    };
    reset(scatter.plot);
    reset(who.plot);
    log.plot.xAxis->setRange(1, 1e10);
    scatter.plot.move(Qt::Horizontal, 0.1);
    expect(ranges(scatter.plot), "10..110 0..10");
    scatter.plot.move(Qt::Vertical, 0.5);
    expect(ranges(scatter.plot), "10..110 -5..5");
    log.plot.move(Qt::Horizontal, -0.1);
    g_assert_cmpfloat_with_epsilon(log.plot.xAxis->range().lower, 0.1, 1e-6);
    who.plot.move(Qt::Vertical, 0.5);
    expect(ranges(who.plot), "0..100 0..10"); /* it has no other bars to move to */
    who.plot.move(Qt::Horizontal, 0.5);
    expect(ranges(who.plot), "50..150 0..10");
    reset(scatter.plot);
    reset(who.plot);
    auto near = [](const QCPRange &range, double lower, double upper) {
        g_assert_cmpfloat_with_epsilon(range.lower, lower, (upper - lower) / 100);
        g_assert_cmpfloat_with_epsilon(range.upper, upper, (upper - lower) / 100);
    };
    scatter.plot.zoom(Qt::Horizontal, 0.5);
    near(scatter.plot.xAxis->range(), 25, 75);
    near(scatter.plot.yAxis->range(), 0, 10);
    scatter.plot.zoom(Qt::Vertical, 2);
    near(scatter.plot.xAxis->range(), 25, 75);
    near(scatter.plot.yAxis->range(), -5, 15);
    who.plot.zoom(Qt::Horizontal | Qt::Vertical, 0.5);
    near(who.plot.xAxis->range(), 25, 75);
    near(who.plot.yAxis->range(), 0, 10);
}

QByteArray saved(Plot &plot, flow_picture_format format)
{
    QBuffer bytes;

    bytes.open(QIODevice::WriteOnly);
    plot.save(bytes, format, QSize(400, 300));
    return bytes.data();
}

/* What is saved has no mark of the packet list; in the window it stays. */
void test_pictures_are_saved()
{
    CaptureHost capture;
    Choices chosen;

    capture.flows = { tcp_flow(0, 0, 1000, 400) };
    chosen.file = "sample.pcapng";
    Drawn<Timeline> timeline(capture, chosen);
    QByteArray without = saved(timeline.plot, FLOW_PICTURE_SVG);
    timeline.plot.mark(0, 5);
    g_assert_cmpfloat_with_epsilon(timeline.plot.marked_time(), 1, 1e-9);
    g_assert_true(saved(timeline.plot, FLOW_PICTURE_SVG) == without);
    g_assert_true(without.contains("<title>sample.pcapng</title>"));
    g_assert_true(without.contains("viewBox=\"0 0 400 300\""));
    g_assert_cmpint(timeline.plot.marked(), ==, 0);
    g_assert_cmpfloat_with_epsilon(timeline.plot.marked_time(), 1, 1e-9);

    QImage image = QImage::fromData(saved(timeline.plot, FLOW_PICTURE_PNG), "PNG");
    g_assert_cmpint(image.width(), ==, 800);
    g_assert_cmpint(image.height(), ==, 600);
    g_assert_cmpint(image.dotsPerMeterX(), ==, 7559);
    g_assert_cmpint(image.dotsPerMeterY(), ==, 7559);
    expect(image.pixelColor(799, 599).name(), "#ffffff");
    timeline.choices.is_dark = true;
    timeline.again();
    image = QImage::fromData(saved(timeline.plot, FLOW_PICTURE_PNG), "PNG");
    expect(image.pixelColor(799, 599).name(), "#1c1e21");

    QByteArray pdf = saved(timeline.plot, FLOW_PICTURE_PDF);
    QByteArray title; /* in UTF-16 */
    for (char letter : QByteArray("sample"))
        title += QByteArray(1, '\0') + letter;
    g_assert_true(pdf.contains(title));
    g_assert_true(pdf.contains("/MediaBox [0 0 300 225]") ||
                  pdf.contains("/MediaBox [0 0 300.000000 225.000000]"));
}

void test_a_mark_knows_its_time()
{
    CaptureHost capture;

    capture.flows = { tcp_flow(0, 0, 1000, 400) };
    Drawn<Timeline> timeline(capture);
    g_assert_cmpint(timeline.plot.marked(), ==, -1);
    g_assert_true(std::isnan(timeline.plot.marked_time()));
    capture.handed_out = 0;
    timeline.plot.mark(0, 5);
    timeline.plot.mark(0, 5);
    g_assert_cmpint(capture.handed_out, ==, 2); /* asked for once */
    timeline.plot.mark(0, 1);
    g_assert_cmpfloat(timeline.plot.marked_time(), ==, 0);
    timeline.plot.mark(-1, 1);
    g_assert_true(std::isnan(timeline.plot.marked_time()));
    timeline.plot.mark(0, 5);
    timeline.plot.select({ 0 });
    timeline.plot.rebuild();
    g_assert_cmpint(timeline.plot.marked(), ==, -1);
    g_assert_true(timeline.plot.selected().empty());
}

void test_tables_are_written_as_csv()
{
    Table table;

    table.columns = QStringList({ "A", "B,C" });
    table.rows = 2;
    table.cell = [](size_t row, int column) {
        return row == 0 ? QString(column == 0 ? "plain" : "say \"a\"") : QString("x\ny");
    };
    expect(csv_of(table), "A,\"B,C\"\r\nplain,\"say \"\"a\"\"\"\r\n\"x\ny\",\"x\ny\"\r\n");
}

/* The module's symbol */

/* What tshark takes from it: the flows of each file, and then a picture of all. */
QByteArray ordered(const flow_picture_order &order, const void *picture)
{
    QByteArray bytes;
    flow_picture_order own = order;

    own.data = &bytes;
    own.write = [](const void *some, size_t count, void *data) {
        static_cast<QByteArray *>(data)->append(static_cast<const char *>(some), int(count));
    };
    const char *error = flow_picture_module_get()->draw(&own, picture);
    return error ? "! " + QByteArray(error) : bytes;
}

void test_a_picture_without_a_window_is_ordered()
{
    static const struct {
        flow_picture_view view;
        const char *says;
    } views[] = { { FLOW_PICTURE_TIMELINE, "Flows by start" },
                  { FLOW_PICTURE_OVER_TIME, "Throughput" },
                  { FLOW_PICTURE_WHO, "a flow counts for both" },
                  { FLOW_PICTURE_SCATTER, "Duration" } };
    const flow_picture_module *module = flow_picture_module_get();
    flow_picture_order order = { FLOW_PICTURE_SVG, "a.pcap", "udp", nullptr, nullptr };

    g_assert_cmpuint(module->version, ==, FLOW_PICTURES_VERSION);
    for (const auto &one : views) {
        CaptureHost capture;
        capture.flows = { udp_flow(0, 0, 1000, 8) };
        g_assert_null(module->take(capture.host(), one.view, &one));
        capture.now.generation++;
        capture.flows = { udp_flow(0, 2000, 3000, 8), udp_flow(1, 2500, 3000, 8) };
        g_assert_null(module->take(capture.host(), one.view, &one));
        QByteArray picture = ordered(order, &one);
        g_assert_true(picture.contains("3 flows · "));
        g_assert_true(picture.contains(">a.pcap<"));
        g_assert_true(picture.contains("filter: udp"));
        g_assert_true(picture.contains(one.says));
        g_assert_true(picture.contains("viewBox=\"0 0 1100 700\""));
        /* It is gone then. */
        expect(QString(ordered(order, &one)), "! there is nothing to draw");
    }
}

/* A program whose Qt draws nothing is told so: this one, when it is asked to be one. */
const char *const WITHOUT_WIDGETS = "--without-widgets";

int say_what_cannot_be(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    CaptureHost capture;
    const flow_picture_module *module = flow_picture_module_get();

    puts(module->take(capture.host(), FLOW_PICTURE_TIMELINE, &capture));
    puts(module->open(capture.host(), FLOW_PICTURE_TIMELINE));
    return 0;
}

void test_another_qt_draws_nothing()
{
    QProcess program;

    program.start(QCoreApplication::applicationFilePath(), { WITHOUT_WIDGETS });
    g_assert_true(program.waitForFinished());
    g_assert_cmpint(program.exitCode(), ==, 0);
    expect(QString::fromUtf8(program.readAllStandardOutput()).split('\n'),
           { "the Qt of this program cannot draw",
             "Flow Timeline was built for another Qt than that of this program", "" });
}

/* Two at once do not know of each other, and time over files is that of the first. */
void test_two_pictures_are_taken_at_once()
{
    CaptureHost capture;
    const flow_picture_module *module = flow_picture_module_get();
    flow_picture_order order = { FLOW_PICTURE_SVG, "a.pcap", "", nullptr, nullptr };
    int first = 0, second = 0;

    capture.flows = { udp_flow(0, 0, 1000, 8) };
    g_assert_null(module->take(capture.host(), FLOW_PICTURE_OVER_TIME, &first));
    capture.now.generation++;
    capture.flows = { udp_flow(0, 2000, 3000, 8) };
    g_assert_null(module->take(capture.host(), FLOW_PICTURE_OVER_TIME, &first));
    g_assert_null(module->take(capture.host(), FLOW_PICTURE_TIMELINE, &second));
    g_assert_true(ordered(order, &second).contains("1 flow · "));
    /* Packets of both files are in it, though those of the first can be asked no more. */
    QByteArray throughput = ordered(order, &first);
    g_assert_true(throughput.contains("2 flows · intervals of 10 ms"));
    g_assert_cmpint(throughput.count("fill=\"#929aa3\""), >=, 4);
}

} // namespace

#define ADD(test) g_test_add_func("/pictures/" #test, test_##test)

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], WITHOUT_WIDGETS) == 0)
        return say_what_cannot_be(argc, argv);
    do_without_a_screen();
    QApplication application(argc, argv);
    g_test_init(&argc, &argv, nullptr);
    ADD(values_are_kept_by_their_kind);
    ADD(moments_can_be_any);
    ADD(a_column_is_asked_for_once);
    ADD(what_cannot_be_asked_is_nothing);
    ADD(of_the_displayed_ones_the_packets_are);
    ADD(packets_are_samples);
    ADD(files_are_added);
    ADD(ends_have_names);
    ADD(numbers_have_their_unit);
    ADD(cells_are_exact);
    ADD(long_names_have_two_ends);
    ADD(looks);
    ADD(classes_of_flows);
    ADD(too_many_classes_are_others);
    ADD(each_state_has_its_colour);
    ADD(axes_have_round_numbers_of_a_unit);
    ADD(logarithms_have_a_unit_each);
    ADD(words_have_whole_places);
    ADD(above_a_picture_stands_what_it_is_of);
    ADD(a_legend_has_the_lines_that_it_needs);
    ADD(a_legend_has_no_empty_line);
    ADD(axes_are_quiet);
    ADD(the_axes_have_the_room);
    ADD(hovering_says_what_is_known_of_a_flow);
    ADD(a_picture_is_moved_and_zoomed);
    ADD(pictures_are_saved);
    ADD(a_mark_knows_its_time);
    ADD(tables_are_written_as_csv);
    ADD(a_picture_without_a_window_is_ordered);
    ADD(another_qt_draws_nothing);
    ADD(two_pictures_are_taken_at_once);
    return g_test_run();
}
