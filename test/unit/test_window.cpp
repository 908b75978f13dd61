#include "capture_host.h"
#include "window.h"

#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QFileDialog>
#include <QLabel>
#include <QMainWindow>
#include <QMenu>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QTabWidget>
#include <QTableView>
#include <QTemporaryDir>
#include <QtTest>

/* The window as a user has it: clicks, keys, menus, and what Wireshark is told then. */

/* What the window looks for in Wireshark's, by the names of the classes. */
class DisplayFilterCombo : public QComboBox
{
    Q_OBJECT
};
class DisplayFilterEdit : public QLineEdit
{
    Q_OBJECT
};
class PacketList : public QWidget
{
    Q_OBJECT

  public:
    int recoloured = 0;

  public slots:
    void recolorPackets()
    {
        recoloured++;
    }
};

namespace
{

const char *const VIEWS[] = { "Timeline", "Over Time", "Who", "Scatter" };

/* So long the window takes to look for something new, and more. */
enum { LOOKS = 600, AT_MOST = 10000 };

/* Wireshark's window, and the one of the flows of a capture. */
struct Desk {
    explicit Desk(const CaptureHost &capture)
    {
        auto *combo = new DisplayFilterCombo;
        line = new DisplayFilterEdit;
        combo->setEditable(true);
        combo->setLineEdit(line);
        list = new PacketList;
        auto *all = new QWidget;
        auto *layout = new QVBoxLayout(all);
        layout->addWidget(new QLineEdit); /* another */
        layout->addWidget(combo);
        layout->addWidget(list);
        wireshark.setCentralWidget(all);
        follow = new QMenu("Follow", &wireshark);
        follow->setObjectName("menuFollow");
        QObject::connect(follow->addAction("&TCP Stream"), &QAction::triggered, &wireshark,
                         [this] { followed++; });
        follow->addAction("&QUIC Stream");
        wireshark.show();
        window = new FlowWindow(capture.host(), &wireshark);
        show(FLOW_PICTURE_TIMELINE);
    }

    void show(flow_picture_view view)
    {
        window->show_view(view);
        QTest::qWait(10);
    }
    template <typename Widget> Widget *one() const
    {
        return window->findChild<Widget *>();
    }
    Plot &plot(flow_picture_view view) const
    {
        return *static_cast<Plot *>(one<QTabWidget>()->widget(view));
    }
    Plot &plot() const
    {
        return *static_cast<Plot *>(one<QTabWidget>()->currentWidget());
    }
    QString status() const
    {
        QList<QLabel *> labels = window->findChildren<QLabel *>();
        for (QLabel *label : labels)
            if (label->textFormat() == Qt::PlainText)
                return label->text();
        return {};
    }
    QString selected() const
    {
        QStringList rows;
        for (int row : plot().selected())
            rows += QString::number(row);
        return rows.join(' ');
    }
    QString selected_lines() const
    {
        QStringList lines;
        for (const QModelIndex &index : one<QTableView>()->selectionModel()->selectedRows())
            lines += QString::number(index.row());
        lines.sort();
        return lines.join(' ');
    }
    QStringList column(int number) const
    {
        QStringList cells;
        QAbstractItemModel *model = one<QTableView>()->model();
        for (int row = 0; row < model->rowCount(); row++)
            cells += model->index(row, number).data().toString();
        return cells;
    }
    template <typename Widget> Widget *named(const QString &name) const
    {
        QList<Widget *> widgets = window->findChildren<Widget *>();
        for (Widget *widget : widgets)
            if (widget->accessibleName() == name || widget->property("text") == name)
                return widget;
        g_error("there is no %s", name.toUtf8().constData());
    }
    void choose(const QString &box, const QString &item) const
    {
        auto *combo = named<QComboBox>(box);
        int number = combo->findText(item);
        g_assert_cmpint(number, >=, 0);
        combo->setCurrentIndex(number);
    }
    QString ranges() const
    {
        QCPRange x = plot().xAxis->range(), y = plot().yAxis->range();
        return QString("%1..%2 %3..%4").arg(x.lower).arg(x.upper).arg(y.lower).arg(y.upper);
    }
    /* Until the window has looked again for something new. */
    void wait_for(const std::function<bool()> &what) const
    {
        g_assert_true(QTest::qWaitFor(what, AT_MOST));
    }

    QMainWindow wireshark;
    DisplayFilterEdit *line;
    PacketList *list;
    QMenu *follow;
    int followed = 0;
    FlowWindow *window;
};

/* Three of TCP and one of UDP, of a second. */
void make_four(CaptureHost &capture)
{
    capture.flows = { tcp_flow(0, 0, 1000, 400), tcp_flow(1, 200, 400, 4000),
                      udp_flow(2, 500, 600, 40), tcp_flow(3, 700, 900, 80) };
    capture.flows[1].values["dst"] = "192.0.2.3";
    capture.flows[1].values["tcp.rtt"] = qlonglong(20 * MS);
}

/* Where a flow's bar is, in the middle of it. */
QPoint bar_of(Plot &plot, double line, double seconds)
{
    return { int(plot.xAxis->coordToPixel(seconds)), int(plot.yAxis->coordToPixel(line + 0.5)) };
}

void click(Desk &desk, const QPoint &place, Qt::KeyboardModifiers with = Qt::NoModifier,
           Qt::MouseButton button = Qt::LeftButton)
{
    QTest::mouseClick(&desk.plot(), button, with, place);
    QTest::qWait(1);
}

/* The menu that a right click opens there, and its entries: grey ones in parentheses. */
QMenu *menu_at(Desk &desk, const QPoint &place)
{
    desk.plot().customContextMenuRequested(place);
    return static_cast<QMenu *>(QApplication::activePopupWidget());
}

QStringList entries(QMenu *menu)
{
    QStringList names;

    for (QAction *action : menu->actions())
        names += action->isSeparator() ? QStringLiteral("--")
                 : action->isEnabled() ? action->text()
                                       : "(" + action->text() + ")";
    return names;
}

void choose(QMenu *menu, const QString &entry, const QString &sub_entry = "")
{
    for (QAction *action : menu->actions())
        if (action->text() == entry) {
            if (!sub_entry.isEmpty())
                choose(action->menu(), sub_entry);
            else
                action->trigger();
            menu->close();
            return;
        }
    g_error("there is no entry %s", entry.toUtf8().constData());
}

void choose_of(Desk &desk, const QPoint &place, const QString &entry, const QString &sub_entry = "")
{
    choose(menu_at(desk, place), entry, sub_entry);
}

void test_each_view_has_its_controls()
{
    CaptureHost capture;

    make_four(capture);
    Desk desk(capture);
    QStringList tabs, said;
    for (int i = 0; i < desk.one<QTabWidget>()->count(); i++)
        tabs += desk.one<QTabWidget>()->tabText(i);
    expect(tabs, { "Timeline", "Over Time", "Who", "Scatter" });
    for (int view = 0; view < FLOW_PICTURE_VIEWS; view++) {
        desk.show(flow_picture_view(view));
        QStringList controls;
        for (QComboBox *box : desk.window->findChildren<QComboBox *>())
            if (box->isVisible())
                controls += box->accessibleName() + " " + box->currentText();
        for (QCheckBox *box : desk.window->findChildren<QCheckBox *>())
            if (box->isVisible() && box->text() == "logarithmic")
                controls += box->accessibleName() + (box->isChecked() ? " on" : " off");
        for (QLabel *label : desk.window->findChildren<QLabel *>())
            if (label->isVisible() && label->text().endsWith(':'))
                controls += label->text();
        said += desk.one<QTableView>()->accessibleName() + ": " + controls.join(", ");
        expect(desk.plot().accessibleName(), VIEWS[view]);
    }
    expect(said, { "Timeline table: Colour by TCP state, Sort by Start, Group by Nothing, Colour "
                   "by:, Sort by:, Group by:",
                   "Over Time table: Colour by TCP state, Times All, Colour by:, Times:",
                   "Who table: Colour by TCP state, Top Hosts, By Bytes, Colour by:, Top:, By:",
                   "Scatter table: Colour by TCP state, Horizontal Bytes (flow.bytes), Vertical "
                   "Duration (flow.duration), Horizontal axis logarithmic on, Vertical axis "
                   "logarithmic on, Colour by:, Horizontal:, Vertical:" });
    expect(desk.window->windowTitle(), "Flow Timeline · a.pcap");
    g_assert_true(desk.window->isVisible());
    expect(desk.status(), "4 flows");
    expect(desk.named<QComboBox>("Horizontal")->itemText(10), "Start (flow.start)");
    g_assert_cmpint(desk.named<QComboBox>("Vertical")->count(), ==, 23);
}

void test_the_table_is_that_of_the_picture()
{
    CaptureHost capture;

    make_four(capture);
    capture.flows[2].values["host"] = QString(500, 'x');
    Desk desk(capture);
    expect(desk.column(0), { "0", "1", "2", "3" });
    auto *table = desk.one<QTableView>();
    g_assert_cmpint(table->columnWidth(9), >=,
                    table->fontMetrics().boundingRect(desk.column(9)[0]).width());
    g_assert_cmpint(table->columnWidth(0), <, 100);
    g_assert_cmpint(table->rowHeight(0), ==, desk.window->fontMetrics().height() + 4);
    g_assert_false(table->verticalHeader()->isVisible());
    g_assert_true(table->horizontalHeader()->stretchLastSection());
    g_assert_cmpint(table->horizontalHeader()->resizeContentsPrecision(), ==, 60);
    g_assert_cmpint(table->selectionBehavior(), ==, QAbstractItemView::SelectRows);
    for (int column = 0; column < 10; column++)
        g_assert_cmpint(desk.one<QTableView>()->columnWidth(column), <=, 400);
    desk.choose("Sort by", "Bytes");
    expect(desk.column(0), { "1", "0", "3", "2" });
    desk.choose("Sort by", "Duration");
    expect(desk.column(0), { "0", "1", "3", "2" });
    desk.choose("Sort by", "RTT");
    expect(desk.column(0), { "1", "0", "2", "3" });
    desk.choose("Sort by", "Destination");
    expect(desk.column(0), { "0", "2", "3", "1" });
    desk.choose("Sort by", "Application");
    expect(desk.column(0), { "2", "0", "1", "3" });
    desk.choose("Sort by", "Start");
    desk.choose("Group by", "Conversation");
    expect(desk.column(0), { "0", "2", "3", "1" });
    desk.choose("Group by", "Source host");
    expect(desk.column(0), { "0", "1", "2", "3" });
    desk.show(FLOW_PICTURE_WHO);
    expect(desk.column(0), { "192.0.2.1", "192.0.2.3", "192.0.2.2" });
    desk.choose("Top", "Ports");
    desk.choose("By", "Packets");
    expect(desk.column(0), { "TCP 80", "UDP 53" });
    expect(desk.column(1), { "6", "2" });
    desk.show(FLOW_PICTURE_SCATTER);
    desk.choose("Horizontal", "RTT (flow.tcp.rtt)");
    expect(desk.column(0), { "1" });
    desk.named<QCheckBox>("Horizontal axis logarithmic")->click();
    g_assert_true(desk.plot().xAxis->scaleType() == QCPAxis::stLinear);
    g_assert_true(desk.plot().yAxis->scaleType() == QCPAxis::stLogarithmic);
    desk.named<QCheckBox>("Vertical axis logarithmic")->click();
    g_assert_true(desk.plot().yAxis->scaleType() == QCPAxis::stLinear);
    desk.choose("Vertical", "Application (flow.app)");
    expect(desk.plot().yAxis->label(), "Application");
    QAbstractItemModel *model = desk.one<QTableView>()->model();
    expect(model->headerData(1, Qt::Horizontal, Qt::DisplayRole).toString(), "RTT");
    g_assert_false(model->headerData(9, Qt::Horizontal, Qt::DisplayRole).isValid());
    g_assert_false(model->headerData(1, Qt::Vertical, Qt::DisplayRole).isValid());
    g_assert_false(model->index(0, 0).data(Qt::EditRole).isValid());
    g_assert_cmpint(model->rowCount(model->index(0, 0)), ==, 0);
    g_assert_cmpint(model->columnCount(model->index(0, 0)), ==, 0);
    desk.show(FLOW_PICTURE_OVER_TIME);
    desk.choose("Times", "ACK RTT");
    expect(desk.column(0).mid(0, 2), { "0", "0.005" });
}

/* Of another view it shows the first rows, of a selection the first that is selected. */
void test_the_table_scrolls_to_what_matters()
{
    CaptureHost capture;

    for (uint32_t i = 0; i < 300; i++)
        capture.flows.push_back(udp_flow(i, i, i + 1, 8 + i));
    Desk desk(capture);
    auto *table = desk.one<QTableView>();
    auto first = [&] { return table->rowAt(1); };
    table->scrollToBottom();
    g_assert_cmpint(first(), >, 200);
    desk.show(FLOW_PICTURE_SCATTER);
    g_assert_cmpint(first(), ==, 0);
    desk.show(FLOW_PICTURE_TIMELINE);
    click(desk, bar_of(desk.plot(), 250, 0.2505));
    g_assert_false(table->visualRect(table->model()->index(250, 0)).isEmpty());
    g_assert_cmpint(first(), >, 200);
    desk.choose("Sort by", "Bytes");
    g_assert_true(
        table->viewport()->rect().intersects(table->visualRect(table->model()->index(49, 0))));
    g_assert_true(table->currentIndex() == table->model()->index(49, 0));
}

/* Choices that move what was in sight show all again; a colour does not. */
void test_what_is_in_sight_stays_where_it_can()
{
    CaptureHost capture;

    make_four(capture);
    Desk desk(capture);
    QString all = desk.ranges();
    QTest::keyClick(&desk.plot(), Qt::Key_Right);
    QString moved = desk.ranges();
    g_assert_true(moved != all);
    desk.choose("Colour by", "Protocol");
    g_assert_true(desk.ranges() == moved);
    desk.show(FLOW_PICTURE_WHO);
    desk.show(FLOW_PICTURE_TIMELINE);
    g_assert_true(desk.ranges() == moved);
    desk.choose("Sort by", "Bytes");
    g_assert_true(desk.ranges() == all);
    desk.show(FLOW_PICTURE_SCATTER);
    QTest::keyClick(&desk.plot(), Qt::Key_Right);
    moved = desk.ranges();
    desk.named<QCheckBox>("Horizontal axis logarithmic")->click();
    desk.named<QCheckBox>("Horizontal axis logarithmic")->click();
    g_assert_true(desk.ranges() != moved);
    desk.show(FLOW_PICTURE_TIMELINE);
    QTest::keyClick(&desk.plot(), Qt::Key_Right);
    desk.named<QPushButton>("Fit")->click();
    g_assert_true(desk.ranges() == all);
}

void test_a_click_selects_and_goes_there()
{
    CaptureHost capture;

    make_four(capture);
    Desk desk(capture);
    QPoint first = bar_of(desk.plot(), 0, 0.5), second = bar_of(desk.plot(), 1, 0.3),
           nothing = bar_of(desk.plot(), 1, 0.8);
    click(desk, second);
    expect(desk.selected(), "1");
    expect(desk.selected_lines(), "1");
    expect(capture.done, { "go 11" });
    expect(desk.status(), "4 flows, 1 selected: TCP 192.0.2.1:40001 → 192.0.2.3:80, 4 kB, 2 "
                          "packets, 200 ms, RTT 20 ms, Established, http");
    click(desk, first, Qt::ControlModifier);
    expect(desk.selected(), "0 1");
    expect(desk.selected_lines(), "0 1");
    expect(desk.status(), "4 flows, 2 selected");
    click(desk, second, Qt::ControlModifier);
    expect(desk.selected(), "0");
    click(desk, second, Qt::NoModifier, Qt::RightButton);
    expect(desk.selected(), "0");
    click(desk, second, Qt::ShiftModifier);
    expect(desk.selected(), "0");
    expect(capture.done, { "go 11" });
    click(desk, nothing);
    expect(desk.selected(), "");
    expect(desk.selected_lines(), "");
    expect(desk.status(), "4 flows");
    expect(capture.done, { "go 11" });
}

void test_a_drag_is_no_click()
{
    CaptureHost capture;

    make_four(capture);
    Desk desk(capture);
    QString all = desk.ranges();
    QPoint place = bar_of(desk.plot(), 1, 0.3);
    QTest::mousePress(&desk.plot(), Qt::LeftButton, {}, place);
    QTest::mouseMove(&desk.plot(), place + QPoint(3, 0));
    QTest::mouseMove(&desk.plot(), place + QPoint(5, 0));
    QTest::mouseRelease(&desk.plot(), Qt::LeftButton, {}, place + QPoint(5, 0));
    expect(desk.selected(), "");
    QTest::mousePress(&desk.plot(), Qt::LeftButton, {}, place);
    QTest::mouseRelease(&desk.plot(), Qt::LeftButton, {}, place + QPoint(3, 1));
    expect(desk.selected(), "1");
    /* With Shift it is a rectangle. */
    capture.done.clear();
    QPoint from = bar_of(desk.plot(), 1.1, 0.25), to = bar_of(desk.plot(), 2.2, 0.55);
    QTest::mousePress(&desk.plot(), Qt::LeftButton, Qt::ShiftModifier, from);
    QTest::mouseMove(&desk.plot(), (from + to) / 2);
    QMouseEvent move(QEvent::MouseMove, to, desk.plot().mapToGlobal(to), Qt::NoButton,
                     Qt::LeftButton, Qt::ShiftModifier);
    QApplication::sendEvent(&desk.plot(), &move);
    QTest::mouseRelease(&desk.plot(), Qt::LeftButton, Qt::ShiftModifier, to);
    expect(desk.selected(), "1 2");
    expect(capture.done, {});
    /* What was at the place of a double click is elsewhere then. */
    QTest::keyClick(&desk.plot(), Qt::Key_X);
    g_assert_true(desk.ranges() != all);
    QTest::mouseDClick(&desk.plot(), Qt::LeftButton, {}, bar_of(desk.plot(), 3.9, 0.5));
    g_assert_true(desk.ranges() == all);
}

/* A picture that was dragged stays where it is when there is more to show. */
void test_a_picture_that_was_moved_stays()
{
    CaptureHost capture;

    make_four(capture);
    Desk desk(capture);
    QPoint place = bar_of(desk.plot(), 1, 0.8);
    QMouseEvent press(QEvent::MouseButtonPress, place, desk.plot().mapToGlobal(place),
                      Qt::LeftButton, Qt::LeftButton, Qt::NoModifier);
    QMouseEvent move(QEvent::MouseMove, place + QPoint(40, 0),
                     desk.plot().mapToGlobal(place + QPoint(40, 0)), Qt::NoButton, Qt::LeftButton,
                     Qt::NoModifier);
    QApplication::sendEvent(&desk.plot(), &press);
    QApplication::sendEvent(&desk.plot(), &move);
    QTest::mouseRelease(&desk.plot(), Qt::LeftButton, {}, place + QPoint(40, 0));
    QString moved = desk.ranges();
    capture.flows.push_back(tcp_flow(4, 5000, 6000, 8));
    capture.now.packets++;
    desk.wait_for([&] { return desk.column(0).size() == 5; });
    g_assert_true(desk.ranges() == moved);
    /* Another file is shown from end to end. */
    capture.now.generation++;
    desk.wait_for([&] { return desk.ranges() != moved; });
}

void test_keys_do_what_the_mouse_does()
{
    CaptureHost capture;

    make_four(capture);
    Desk desk(capture);
    Plot &plot = desk.plot();
    QString all = desk.ranges();
    auto reset = [&] {
        plot.xAxis->setRange(0, 100);
        plot.yAxis->setRange(0, 10);
    };
    auto after = [&](int key, Qt::KeyboardModifiers with = Qt::NoModifier) {
        reset();
        QTest::keyClick(&plot, Qt::Key(key), with);
        QStringList rounded;
        for (const QCPAxis *axis : { plot.xAxis, plot.yAxis })
            rounded += QString("%1..%2")
                           .arg(std::round(axis->range().lower * 5) / 5)
                           .arg(std::round(axis->range().upper * 5) / 5);
        return rounded.join(' ');
    };
    expect(after(Qt::Key_Right), "10..110 0..10");
    expect(after(Qt::Key_Left), "-10..90 0..10");
    expect(after(Qt::Key_Right, Qt::ShiftModifier), "1..101 0..10");
    expect(after(Qt::Key_Up), "0..100 -1..9");
    expect(after(Qt::Key_Down), "0..100 1..11");
    expect(after(Qt::Key_Plus), "10..90 1..9");
    expect(after(Qt::Key_Equal), "10..90 1..9");
    expect(after(Qt::Key_Minus), "-12.4..112.6 -1.2..11.2");
    expect(after(Qt::Key_X), "10..90 0..10");
    expect(after(Qt::Key_X, Qt::ShiftModifier), "-12.4..112.6 0..10");
    expect(after(Qt::Key_Y), "0..100 1..9");
    expect(after(Qt::Key_Y, Qt::ShiftModifier), "0..100 -1.2..11.2");
    expect(after(Qt::Key_Q), "0..100 0..10");
    after(Qt::Key_Home);
    g_assert_true(desk.ranges() == all);
    after(Qt::Key_0);
    g_assert_true(desk.ranges() == all);
    QTest::keyClick(&plot, Qt::Key_A, Qt::ControlModifier);
    expect(desk.selected(), "0 1 2 3");
    if (!QKeySequence::keyBindings(QKeySequence::Deselect).isEmpty())
        QTest::keyClick(&plot, Qt::Key_A, Qt::ControlModifier | Qt::ShiftModifier);
    else /* a desktop that has no such key */
        desk.one<QTableView>()->clearSelection();
    expect(desk.selected(), "");
    QTest::keyClick(&plot, Qt::Key_Return);
    expect(capture.done, {});
    QTest::keyClick(&plot, Qt::Key_A, Qt::ControlModifier);
    QTest::keyClick(&plot, Qt::Key_Return);
    QTest::keyClick(&plot, Qt::Key_Enter);
    expect(capture.done, { "go 1", "go 1" });
    plot.xAxis->setRange(0.65, 0.95);
    plot.replot();
    QTest::keyClick(&plot, Qt::Key_A, Qt::ControlModifier);
    expect(desk.selected(), "0 3");
}

void test_the_wheel_zooms_an_axis()
{
    CaptureHost capture;

    make_four(capture);
    Desk desk(capture);
    auto after = [&](flow_picture_view view, Qt::KeyboardModifiers with) {
        desk.show(view);
        Plot &plot = desk.plot();
        QPoint place = plot.axisRect()->center();
        plot.xAxis->setRange(1, 100);
        plot.yAxis->setRange(1, 10);
        QWheelEvent wheel(place, plot.mapToGlobal(place), QPoint(), QPoint(0, 120), Qt::NoButton,
                          with, Qt::NoScrollPhase, false);
        QApplication::sendEvent(&plot, &wheel);
        return QString(plot.xAxis->range().size() < 99 ? "x" : "") +
               (plot.yAxis->range().size() < 9 ? "y" : "");
    };
    expect(after(FLOW_PICTURE_TIMELINE, Qt::NoModifier), "xy");
    expect(after(FLOW_PICTURE_TIMELINE, Qt::ControlModifier), "x");
    expect(after(FLOW_PICTURE_TIMELINE, Qt::ShiftModifier), "y");
    expect(after(FLOW_PICTURE_TIMELINE, Qt::NoModifier), "xy");
    expect(after(FLOW_PICTURE_WHO, Qt::NoModifier), "x");
    expect(after(FLOW_PICTURE_WHO, Qt::ShiftModifier), "");
    expect(after(FLOW_PICTURE_OVER_TIME, Qt::NoModifier), "x");
    /* What was zoomed is not shown from end to end again. */
    desk.show(FLOW_PICTURE_TIMELINE);
    QString zoomed = desk.ranges();
    capture.now.packets++;
    QTest::qWait(LOOKS);
    g_assert_true(desk.ranges() == zoomed);
}

void test_the_table_selects()
{
    CaptureHost capture;

    make_four(capture);
    Desk desk(capture);
    auto *table = desk.one<QTableView>();
    table->selectRow(2);
    expect(desk.selected(), "2");
    expect(desk.status().section(':', 0, 0), "4 flows, 1 selected");
    expect(capture.done, {});
    QTest::keyClick(table, Qt::Key_Return);
    expect(capture.done, { "go 21" });
    desk.show(FLOW_PICTURE_WHO);
    table->selectRow(0);
    expect(desk.selected(), "0 1 2 3");
    table->selectRow(1);
    expect(desk.selected(), "1");
    desk.show(FLOW_PICTURE_SCATTER);
    expect(desk.selected(), "1");
    expect(desk.selected_lines(), "1");
    g_assert_cmpint(table->currentIndex().row(), ==, 1);
    table->activated(table->model()->index(1, 0));
    expect(capture.done, { "go 21", "go 11" });
    g_assert_false(table->tabKeyNavigation());
    g_assert_true(table->editTriggers() == QAbstractItemView::NoEditTriggers);
}

void test_hovering_says_what_is_there()
{
    CaptureHost capture;

    make_four(capture);
    Desk desk(capture);
    QPoint place = bar_of(desk.plot(), 1, 0.3);
    QTest::mouseMove(&desk.plot(), place);
    QTest::qWait(50);
    g_assert_true(QToolTip::text().contains("192.0.2.1:40001"));
    QTest::mouseMove(&desk.plot(), bar_of(desk.plot(), 1, 0.8));
    desk.wait_for([] { return !QToolTip::isVisible(); });
}

/* A name of a host is no markup. */
void test_hosts_have_the_names_that_they_choose()
{
    CaptureHost capture;

    make_four(capture);
    capture.flows[1].values["host"] = "<b>bold</b>";
    Desk desk(capture);
    click(desk, bar_of(desk.plot(), 1, 0.3));
    g_assert_true(desk.status().contains("<b>bold</b>"));
    QLabel *status = nullptr;
    for (QLabel *label : desk.window->findChildren<QLabel *>())
        if (label->textFormat() == Qt::PlainText)
            status = label;
    g_assert_true(status->toolTip().contains("&lt;b&gt;"));
}

void test_it_looks_for_what_is_new()
{
    CaptureHost capture;

    make_four(capture);
    Desk desk(capture);
    click(desk, bar_of(desk.plot(), 1, 0.3));
    capture.asked.clear();
    QTest::qWait(LOOKS);
    expect(capture.asked, {}); /* nothing is new */
    capture.now.displayed++;
    QTest::qWait(LOOKS);
    expect(capture.asked, {}); /* and the filter does not matter */
    capture.flows.erase(capture.flows.begin());
    capture.now.packets++;
    desk.wait_for([&] { return desk.column(0).size() == 3; });
    expect(desk.selected(), "0"); /* the same flow */
    expect(desk.selected_lines(), "0");
    capture.flows.erase(capture.flows.begin());
    capture.now.packets++;
    desk.wait_for([&] { return desk.column(0).size() == 2; });
    expect(desk.selected(), "");
    /* In another file it is another flow. */
    click(desk, bar_of(desk.plot(), 0, 0.05));
    expect(desk.selected(), "0");
    capture.now.generation = 2;
    capture.now.path = "/captures/b.pcap";
    desk.wait_for([&] { return desk.window->windowTitle() == "Flow Timeline · b.pcap"; });
    expect(desk.selected(), "");
    capture.now = { 0, 0, 0, FLOW_PICTURES_NO_FLOW, 0, "", "" };
    desk.wait_for([&] { return desk.window->windowTitle() == "Flow Timeline"; });
    expect(desk.status(), "0 flows");
    /* The packet that the list is at. */
    make_four(capture);
    capture.now = { 3, 1, 1, 1, 11, "/captures/c.pcap", "" };
    desk.wait_for([&] { return desk.plot().marked() == 1; });
    g_assert_cmpfloat_with_epsilon(desk.plot().marked_time(), 0.2, 1e-9);
    capture.now.flow = FLOW_PICTURES_NO_FLOW;
    desk.wait_for([&] { return desk.plot().marked() == -1; });
}

void test_it_can_be_limited_to_the_display_filter()
{
    CaptureHost capture;

    make_four(capture);
    for (CapturedFlow &flow : capture.flows)
        flow.is_displayed = { false, flow.number == 1 };
    capture.now.filter = "tcp.port == 40001";
    Desk desk(capture);
    auto titles = [&] {
        QByteArray bytes;
        QBuffer buffer(&bytes);
        buffer.open(QIODevice::WriteOnly);
        desk.plot().save(buffer, FLOW_PICTURE_SVG, QSize(900, 600));
        return bytes;
    };
    g_assert_false(titles().contains("tcp.port"));
    QTest::keyClick(&desk.plot(), Qt::Key_Right);
    QString moved = desk.ranges();
    auto *limit = desk.named<QCheckBox>("Limit to display filter");
    limit->click();
    expect(desk.column(0), { "1" });
    g_assert_true(titles().contains("tcp.port == 40001"));
    g_assert_true(desk.ranges() != moved);
    QTest::keyClick(&desk.plot(), Qt::Key_A, Qt::ControlModifier);
    QTest::keyClick(&desk.plot(), Qt::Key_Return);
    expect(capture.done, { "go 15" }); /* the first that is displayed */
    QString fitted = desk.ranges();
    QTest::keyClick(&desk.plot(), Qt::Key_Right);
    for (CapturedFlow &flow : capture.flows)
        flow.is_displayed = { true, true };
    capture.now.displayed++;
    desk.wait_for([&] { return desk.column(0).size() == 4; });
    limit->click();
    g_assert_false(titles().contains("tcp.port"));
    /* A view that is opened again keeps it. */
    limit->click();
    desk.show(FLOW_PICTURE_WHO);
    g_assert_true(limit->isChecked());
}

void test_it_is_dark_as_the_others()
{
    CaptureHost capture;

    make_four(capture);
    QPalette light = QApplication::palette(), dark = light;
    dark.setColor(QPalette::Window, QColor("#202020"));
    Desk desk(capture);
    auto *box = desk.named<QCheckBox>("Dark");
    auto background = [&] { return desk.plot().toPixmap(300, 200).toImage().pixelColor(299, 199); };
    g_assert_false(box->isChecked());
    expect(background().name(), "#ffffff");
    box->click();
    expect(background().name(), "#1c1e21");
    box->click();
    expect(background().name(), "#ffffff");
    desk.window->setPalette(dark);
    desk.wait_for([&] { return box->isChecked(); });
    expect(background().name(), "#1c1e21");
    QApplication::setPalette(dark);
    {
        Desk other(capture);
        g_assert_true(other.named<QCheckBox>("Dark")->isChecked());
    }
    QApplication::setPalette(light);
}

void test_selected_flows_become_a_filter()
{
    CaptureHost capture;

    make_four(capture);
    Desk desk(capture);
    QPoint first = bar_of(desk.plot(), 0, 0.5), second = bar_of(desk.plot(), 1, 0.3),
           nothing = bar_of(desk.plot(), 1, 0.8);
    QMenu *menu = menu_at(desk, second);
    expect(desk.selected(), "1");
    expect(entries(menu), { "Apply as Filter", "Prepare as Filter", "Colorize", "Follow Stream",
                            "Go to First Packet", "--", "Show All", "Copy Picture",
                            "Copy Table as CSV", "Save As…" });
    expect(entries(menu->actions()[0]->menu()), { "Selected", "Not Selected" });
    expect(entries(menu->actions()[2]->menu()),
           { "Color 1", "Color 2", "Color 3", "Color 4", "Color 5", "Color 6", "Color 7", "Color 8",
             "Color 9", "Color 10", "Reset Colorization" });
    choose(menu, "Apply as Filter", "Selected");
    choose_of(desk, second, "Apply as Filter", "Not Selected");
    expect(capture.done, { "filter flow.id == 1", "filter !(flow.id == 1)" });
    capture.done.clear();
    choose_of(desk, second, "Prepare as Filter", "Selected");
    expect(desk.line->text(), "flow.id == 1");
    click(desk, first, Qt::ControlModifier);
    choose_of(desk, second, "Prepare as Filter", "Not Selected"); /* the selection stays */
    expect(desk.line->text(), "!(flow.id in {0, 1})");
    expect(capture.done, {});
    choose_of(desk, second, "Go to First Packet");
    expect(capture.done, { "go 1" });
    capture.done.clear();
    choose_of(desk, second, "Colorize", "Color 3");
    choose_of(desk, second, "Colorize", "Color 10");
    choose_of(desk, second, "Colorize", "Reset Colorization");
    expect(capture.done,
           { "colour 3 flow.id in {0, 1}", "colour 10 flow.id in {0, 1}", "colour 0 (none)" });
    g_assert_cmpint(desk.list->recoloured, ==, 3);
    click(desk, nothing);
    menu = menu_at(desk, nothing);
    expect(entries(menu), { "Apply as Filter", "Prepare as Filter", "Colorize", "(Follow Stream)",
                            "(Go to First Packet)", "--", "Show All", "Copy Picture",
                            "Copy Table as CSV", "Save As…" });
    expect(entries(menu->actions()[1]->menu()), { "(Selected)", "(Not Selected)" });
    menu->close();
    /* Flows of a file that is closed. */
    click(desk, second);
    capture.done.clear();
    capture.now.generation++;
    menu = menu_at(desk, second);
    expect(entries(menu->actions()[0]->menu()), { "(Selected)", "(Not Selected)" });
    choose(menu, "Go to First Packet");
    expect(capture.done, {});
}

void test_a_filter_has_a_thousand_flows()
{
    CaptureHost capture;

    for (uint32_t i = 0; i < 1001; i++)
        capture.flows.push_back(udp_flow(i, 0, 10, 8));
    Desk desk(capture);
    QTest::keyClick(&desk.plot(), Qt::Key_A, Qt::ControlModifier);
    expect(desk.status(), "1,001 flows, 1,001 selected");
    QMenu *menu = menu_at(desk, bar_of(desk.plot(), 500, 0.005));
    expect(entries(menu->actions()[0]->menu()), { "(Selected)", "(Not Selected)" });
    menu->close();
    capture.flows.pop_back();
    capture.now.packets++;
    desk.wait_for([&] { return desk.status() == "1,000 flows, 1,000 selected"; });
    menu = menu_at(desk, bar_of(desk.plot(), 500, 0.005));
    expect(entries(menu->actions()[0]->menu()), { "Selected", "Not Selected" });
    menu->close();
}

void test_a_stream_is_followed_where_wireshark_has_come_to_it()
{
    CaptureHost capture;

    make_four(capture);
    Desk desk(capture);
    QPoint tcp = bar_of(desk.plot(), 1, 0.3), udp = bar_of(desk.plot(), 2, 0.55);
    QMenu *menu = menu_at(desk, udp);
    g_assert_true(entries(menu).contains("(Follow Stream)"));
    menu->close();
    choose_of(desk, tcp, "Follow Stream");
    expect(capture.done, { "go 11" });
    g_assert_cmpint(desk.followed, ==, 0);
    capture.now.flow = 1;
    desk.wait_for([&] { return desk.followed == 1; });
    QTest::qWait(LOOKS);
    g_assert_cmpint(desk.followed, ==, 1); /* once */
    /* Not that of another flow, and no longer than a few times. */
    capture.now.flow = 0;
    choose_of(desk, tcp, "Follow Stream");
    QTest::qWait(6 * LOOKS);
    capture.now.flow = 1;
    QTest::qWait(LOOKS);
    g_assert_cmpint(desk.followed, ==, 1);
    /* Where it is already, at once. */
    choose_of(desk, tcp, "Follow Stream");
    g_assert_cmpint(desk.followed, ==, 2);
    click(desk, bar_of(desk.plot(), 0, 0.5), Qt::ControlModifier);
    menu = menu_at(desk, tcp);
    g_assert_true(entries(menu).contains("(Follow Stream)"));
    menu->close();
}

void test_it_is_copied()
{
    CaptureHost capture;

    make_four(capture);
    Desk desk(capture);
    const QMimeData *copied = QApplication::clipboard()->mimeData();
    desk.named<QPushButton>("Copy")->click();
    copied = QApplication::clipboard()->mimeData();
    auto image = copied->imageData().value<QImage>();
    g_assert_true(image.size() == desk.plot().size() * 2);
    g_assert_true(copied->text().startsWith("Flow,Start (s)"));
    QTest::keyClick(desk.one<QTableView>(), Qt::Key_C, Qt::ControlModifier);
    copied = QApplication::clipboard()->mimeData();
    g_assert_false(copied->hasImage());
    g_assert_true(copied->text().startsWith("Flow,Start (s)"));
    QTest::keyClick(&desk.plot(), Qt::Key_C, Qt::ControlModifier);
    g_assert_true(QApplication::clipboard()->mimeData()->hasImage());
    QApplication::clipboard()->clear();
    choose_of(desk, bar_of(desk.plot(), 1, 0.8), "Copy Picture");
    g_assert_true(QApplication::clipboard()->mimeData()->hasImage());
    choose_of(desk, bar_of(desk.plot(), 1, 0.8), "Copy Table as CSV");
    g_assert_false(QApplication::clipboard()->mimeData()->hasImage());
}

/* What is asked while something is saved: a name, and then a message with an answer. */
class Answers : public QObject
{
  public:
    Answers(QString name, QString filter, QMessageBox::StandardButton button)
        : m_name(std::move(name)), m_filter(std::move(filter)), m_button(button)
    {
        connect(&m_timer, &QTimer::timeout, this, [this] { answer(); });
        m_timer.start(20);
    }
    QStringList asked;

  private:
    void answer()
    {
        QWidget *modal = QApplication::activeModalWidget();
        if (auto *dialog = qobject_cast<QFileDialog *>(modal)) {
            if (m_name.isEmpty()) {
                dialog->reject();
                return;
            }
            if (!m_filter.isEmpty())
                dialog->selectNameFilter(m_filter);
            dialog->findChild<QLineEdit *>("fileNameEdit")->setText(m_name);
            QMetaObject::invokeMethod(dialog, "accept");
        } else if (auto *box = qobject_cast<QMessageBox *>(modal)) {
            asked += box->text();
            box->button(m_button)->click();
        }
    }
    QString m_name, m_filter;
    QMessageBox::StandardButton m_button;
    QTimer m_timer;
};

void test_it_is_saved_as_its_name_says()
{
    CaptureHost capture;
    QTemporaryDir folder;

    make_four(capture);
    QByteArray path = folder.filePath("a.pcap").toUtf8();
    capture.now.path = path.constData();
    Desk desk(capture);
    auto save = [&](const QString &name, const QString &filter = "",
                    QMessageBox::StandardButton button = QMessageBox::Ok) {
        Answers answers(name.isEmpty() ? name : folder.filePath(name), filter, button);
        desk.named<QPushButton>("Save As…")->click();
        return answers.asked.join('\n').replace(folder.path() + "/", "");
    };
    auto bytes = [&](const QString &name) {
        QFile file(folder.filePath(name));
        file.open(QIODevice::ReadOnly);
        return file.readAll();
    };
    auto write = [&](const QString &name) {
        QFile file(folder.filePath(name));
        file.open(QIODevice::WriteOnly);
        file.write("mine");
    };
    expect(save("one.png"), "");
    g_assert_true(bytes("one.png").startsWith("\x89PNG"));
    expect(save("one.PDF"), "");
    g_assert_true(bytes("one.PDF").startsWith("%PDF"));
    expect(save("one.svg"), "");
    g_assert_true(bytes("one.svg").contains("<svg"));
    expect(save("one.csv"), "");
    g_assert_true(bytes("one.csv").startsWith("Flow,Start (s)"));
    expect(save("two", "SVG (*.svg)"), "");
    g_assert_true(bytes("two.svg").contains("<svg"));
    expect(save(""), "");
    expect(save("one.gif"), "The name must end with .png, .pdf, .svg or .csv");
    g_assert_false(QFile::exists(folder.filePath("one.gif")));
    write("a.pcap");
    expect(save("a.pcap"), "a.pcap: This is the capture that is open");
    g_assert_true(bytes("a.pcap") == "mine");
    write("old.svg");
    expect(save("old.svg", "", QMessageBox::No),
           "old.svg already exists.\nDo you want to replace it?");
    g_assert_true(bytes("old.svg") == "mine");
    save("old.svg", "", QMessageBox::Yes);
    g_assert_true(bytes("old.svg").contains("<svg"));
    g_assert_true(QFile::link("nowhere/at-all.svg", folder.filePath("broken.svg")));
    g_assert_true(save("broken.svg").startsWith("broken.svg: "));
    QDir(folder.path()).entryList();
    choose_of(desk, bar_of(desk.plot(), 1, 0.8), "Show All");
}

void test_it_can_be_closed()
{
    CaptureHost capture;

    make_four(capture);
    Desk desk(capture);
    QPointer<FlowWindow> window = desk.window;
    desk.named<QPushButton>("Close")->click();
    desk.wait_for([&] { return window.isNull(); });
}

/* A menu that a key asks for opens in the middle of the picture, whatever the mouse is at. */
void test_a_key_opens_the_menu()
{
    CaptureHost capture;

    make_four(capture);
    Desk desk(capture);
    click(desk, bar_of(desk.plot(), 1, 0.3));
    QContextMenuEvent by_key(QContextMenuEvent::Keyboard, bar_of(desk.plot(), 0, 0.5),
                             desk.plot().mapToGlobal(QPoint()));
    QApplication::sendEvent(&desk.plot(), &by_key);
    auto *menu = static_cast<QMenu *>(QApplication::activePopupWidget());
    g_assert_nonnull(menu);
    expect(desk.selected(), "1");
    menu->close();
    auto *table = desk.one<QTableView>();
    table->customContextMenuRequested(QPoint(5, 5));
    menu = static_cast<QMenu *>(QApplication::activePopupWidget());
    g_assert_nonnull(menu);
    menu->close();
}

/* It works where no window of Wireshark is found. */
void test_it_can_stand_alone()
{
    CaptureHost capture;

    make_four(capture);
    FlowWindow window(capture.host(), nullptr);
    window.setAttribute(Qt::WA_DeleteOnClose, false);
    window.show_view(FLOW_PICTURE_TIMELINE);
    QTest::qWait(10);
    Plot *plot = static_cast<Plot *>(window.findChild<QTabWidget *>()->currentWidget());
    plot->customContextMenuRequested(bar_of(*plot, 1, 0.3));
    auto *menu = static_cast<QMenu *>(QApplication::activePopupWidget());
    g_assert_true(entries(menu).contains("(Follow Stream)"));
    choose(menu, "Colorize", "Color 1");
    expect(capture.done, { "colour 1 flow.id == 1" });
}

/* There is one window, which is Wireshark's. */
void test_wireshark_opens_it()
{
    CaptureHost capture;
    const flow_picture_module *module = flow_picture_module_get();
    QMainWindow wireshark;

    make_four(capture);
    wireshark.show();
    g_assert_null(module->open(capture.host(), FLOW_PICTURE_WHO));
    QTest::qWait(10);
    QList<QDialog *> windows = wireshark.findChildren<QDialog *>();
    g_assert_cmpint(windows.size(), ==, 1);
    g_assert_true(windows[0]->isVisible());
    auto *tabs = windows[0]->findChild<QTabWidget *>();
    g_assert_cmpint(tabs->currentIndex(), ==, FLOW_PICTURE_WHO);
    g_assert_null(module->open(capture.host(), FLOW_PICTURE_SCATTER));
    g_assert_cmpint(wireshark.findChildren<QDialog *>().size(), ==, 1);
    g_assert_cmpint(tabs->currentIndex(), ==, FLOW_PICTURE_SCATTER);
    QPointer<QDialog> first = windows[0];
    first->close();
    g_assert_true(QTest::qWaitFor([&] { return first.isNull(); }, AT_MOST));
    g_assert_null(module->open(capture.host(), FLOW_PICTURE_WHO));
    g_assert_cmpint(wireshark.findChildren<QDialog *>().size(), ==, 1);
}

/* What people hear who cannot see the picture. */
void test_it_is_told_in_words()
{
    CaptureHost capture;

    make_four(capture);
    Desk desk(capture);
    QStringList said;
    auto *tabs = desk.one<QTabWidget>();
    for (int view = 0; view < FLOW_PICTURE_VIEWS; view++) {
        QString text = desk.plot(flow_picture_view(view)).accessibleDescription();
        expect(tabs->tabToolTip(view), text.toUtf8().constData());
        said += text.section(". Arrow keys move the picture", 0, 0);
        g_assert_true(text.endsWith("Return goes to the first packet"));
        g_assert_cmpint(desk.plot(flow_picture_view(view)).focusPolicy(), ==, Qt::StrongFocus);
    }
    expect(said,
           { "A bar for each flow, from its first packet to its last; the table has the same "
             "flows in the same order",
             "Throughput, live and new flows, round-trip and response times; the table has a "
             "row for each interval",
             "Bars of those with the most bytes, packets or flows; the table has the same bars",
             "A dot for each flow, one field against another; the table has the same values" });
    expect(tabs->accessibleName(), "Views");
    expect(desk.named<QPushButton>("Fit")->toolTip(), "Show all flows (Home)");
    expect(desk.named<QPushButton>("Copy")->toolTip(), "Copy the picture and, as text, the table");
    expect(desk.named<QPushButton>("Save As…")->toolTip(), "As PNG, PDF, SVG, or the table as CSV");
    expect(desk.named<QCheckBox>("Dark")->toolTip(),
           "Light on dark, in the window and in what is saved");
    for (QPushButton *button : desk.window->findChildren<QPushButton *>())
        g_assert_false(button->autoDefault()); /* Return goes to a packet */
    for (QLabel *label : desk.window->findChildren<QLabel *>())
        if (label->text().endsWith(':'))
            expect(static_cast<QComboBox *>(label->buddy())->accessibleName() + ":",
                   label->text().toUtf8().constData());
    for (QComboBox *box : desk.window->findChildren<QComboBox *>())
        g_assert_cmpint(box->maximumWidth(), ==, 260);
    g_assert_cmpint(desk.one<QTabWidget>()->height(), >, 2 * desk.one<QTableView>()->height());
}

} // namespace

#include "test_window.moc"

#define ADD(test) g_test_add_func("/window/" #test, test_##test)

int main(int argc, char **argv)
{
    do_without_a_screen();
    QApplication application(argc, argv);
    g_test_init(&argc, &argv, nullptr);
    ADD(each_view_has_its_controls);
    ADD(the_table_is_that_of_the_picture);
    ADD(the_table_scrolls_to_what_matters);
    ADD(what_is_in_sight_stays_where_it_can);
    ADD(a_click_selects_and_goes_there);
    ADD(a_drag_is_no_click);
    ADD(a_picture_that_was_moved_stays);
    ADD(keys_do_what_the_mouse_does);
    ADD(the_wheel_zooms_an_axis);
    ADD(the_table_selects);
    ADD(hovering_says_what_is_there);
    ADD(hosts_have_the_names_that_they_choose);
    ADD(it_looks_for_what_is_new);
    ADD(it_can_be_limited_to_the_display_filter);
    ADD(it_is_dark_as_the_others);
    ADD(selected_flows_become_a_filter);
    ADD(a_filter_has_a_thousand_flows);
    ADD(a_stream_is_followed_where_wireshark_has_come_to_it);
    ADD(it_is_copied);
    ADD(it_is_saved_as_its_name_says);
    ADD(it_can_be_closed);
    ADD(a_key_opens_the_menu);
    ADD(it_can_stand_alone);
    ADD(wireshark_opens_it);
    ADD(it_is_told_in_words);
    return g_test_run();
}
