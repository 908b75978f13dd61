#include "window.h"

#include "over_time.h"
#include "scatter.h"
#include "table.h"
#include "timeline.h"
#include "who.h"

#include <QApplication>
#include <QBuffer>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QElapsedTimer>
#include <QFileDialog>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QSaveFile>
#include <QSplitter>
#include <QTabWidget>
#include <QTableView>
#include <QTextDocument>
#include <QToolTip>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>
#include <filesystem>

namespace
{

/* How often the window looks for something new, in milliseconds; after slow work less often. */
enum { LOOK_EVERY = 400, REST_FACTOR = 8, FOLLOW_TRIES = 5 };

/* Names may be long; in pixels. */
enum { COLUMN_MAX = 400 };

/* A filter of more flows would be no text to read or change. */
enum { FLOWS_IN_FILTER = 1000 };

using Items = std::vector<std::pair<QString, QString>>; /* what is shown, what is chosen */

Items field_items(const Flows &flows)
{
    Items items;

    for (const flow_picture_field &field : flows.fields()) {
        QString name = QString::fromUtf8(field.name);
        items.emplace_back(QString::fromUtf8(field.label) + " (flow." + name + ")", name);
    }
    return items;
}

bool is_dark(const QPalette &palette)
{
    return palette.window().color().lightness() < 128;
}

} // namespace

FlowWindow::FlowWindow(const flow_picture_host *host, QWidget *parent)
    : QDialog(parent, Qt::Window), m_host(host), m_flows(host)
{
    auto *all = new QVBoxLayout(this);
    auto *controls = new QHBoxLayout, *buttons = new QHBoxLayout;
    auto *splitter = new QSplitter(Qt::Vertical);

    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(QStringLiteral("Flow Timeline"));
    resize(1100, 800);

    m_tabs = new QTabWidget;
    m_tabs->setAccessibleName(QStringLiteral("Views"));
    add_page(FLOW_PICTURE_TIMELINE, new Timeline(m_flows, m_choices), "Timeline");
    add_page(FLOW_PICTURE_OVER_TIME, new OverTime(m_flows, m_choices), "Over Time");
    add_page(FLOW_PICTURE_WHO, new Who(m_flows, m_choices), "Who");
    add_page(FLOW_PICTURE_SCATTER, new Scatter(m_flows, m_choices), "Scatter");
    m_model = new TableModel(this);
    m_view = new QTableView;
    m_view->setModel(m_model);
    m_view->setAccessibleName(QStringLiteral("Flows"));
    m_view->setTabKeyNavigation(false); /* the arrow keys go from cell to cell, Tab goes on */
    m_view->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_view->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_view->setContextMenuPolicy(Qt::CustomContextMenu);
    m_view->verticalHeader()->hide();
    m_view->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 4);
    m_view->horizontalHeader()->setStretchLastSection(true);
    m_view->horizontalHeader()->setResizeContentsPrecision(60);
    m_view->installEventFilter(this);
    splitter->addWidget(m_tabs);
    splitter->addWidget(m_view);
    splitter->setStretchFactor(0, 4);
    splitter->setStretchFactor(1, 1);
    splitter->setSizes({ 540, 190 });
    m_status = new QLabel;
    m_status->setTextFormat(Qt::PlainText); /* hosts have the names that they choose */
    m_status->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_choices.is_dark = is_dark(palette());

    add_controls(controls);
    add_buttons(buttons);
    all->addLayout(controls);
    all->addWidget(splitter, 1);
    all->addWidget(m_status);
    all->addLayout(buttons);

    connect(m_tabs, &QTabWidget::currentChanged, this, [this] {
        m_view->scrollToTop();
        show_page();
    });
    connect(m_view->selectionModel(), &QItemSelectionModel::selectionChanged, this, [this] {
        std::set<int> rows;
        if (m_is_selecting)
            return;
        for (const QModelIndex &index : m_view->selectionModel()->selectedRows())
            for (int row : m_model->table().rows_of(static_cast<size_t>(index.row())))
                rows.insert(row);
        select(rows, true);
    });
    connect(m_view, &QTableView::customContextMenuRequested, this,
            [this](const QPoint &place) { open_menu(m_view->viewport()->mapToGlobal(place)); });
    connect(m_view, &QTableView::activated, this, [this] { go_to_first_packet(); });
    connect(&m_timer, &QTimer::timeout, this, [this] { look_for_changes(); });
    m_timer.start(LOOK_EVERY);
    look_for_changes();
}

void FlowWindow::add_page(flow_picture_view view, Plot *plot, const QString &title)
{
    Page &page = m_pages[view];

    page.plot = plot;
    page.zooms = plot->axisRect()->rangeZoom();
    plot->setAccessibleDescription(
        plot->accessibleDescription() +
        ". Arrow keys move the picture, + and - zoom it, X and Y one axis of it, back with Shift; "
        "Home shows all, Ctrl+A selects the flows in sight, Return goes to the first packet");
    plot->setFocusPolicy(Qt::StrongFocus);
    plot->setContextMenuPolicy(Qt::CustomContextMenu);
    plot->installEventFilter(this);
    plot->setMouseTracking(true);
    m_tabs->addTab(plot, title);
    m_tabs->setTabToolTip(m_tabs->count() - 1, plot->accessibleDescription());
    connect(plot, &QCustomPlot::mouseWheel, this, [&page](QWheelEvent *event) {
        Qt::Orientations ways = event->modifiers() & Qt::ControlModifier ? Qt::Horizontal
                                : event->modifiers() & Qt::ShiftModifier ? Qt::Vertical
                                                                         : page.zooms;
        for (QCPAxisRect *area : page.plot->axisRects())
            area->setRangeZoom(page.zooms & ways);
        page.is_fitted = false;
    });
    connect(plot, &QCustomPlot::mousePress, this, [this, plot](QMouseEvent *event) {
        m_pressed = event->pos();
        m_is_double = false;
        plot->setSelectionRectMode(event->modifiers() & Qt::ShiftModifier ? QCP::srmCustom
                                                                          : QCP::srmNone);
    });
    connect(plot, &QCustomPlot::mouseRelease, this, [this](QMouseEvent *event) { click(event); });
    connect(plot, &QCustomPlot::mouseMove, this, [this, &page](QMouseEvent *event) {
        if (event->buttons() & Qt::LeftButton)
            page.is_fitted = false;
        else
            hover(event->pos(), page.plot->mapToGlobal(event->pos()));
    });
    connect(plot, &QCustomPlot::mouseDoubleClick, this, [this] {
        m_is_double = true;
        fit();
    });
    connect(plot->selectionRect(), &QCPSelectionRect::accepted, this,
            [this, plot](const QRect &area) { select(plot->rows_in(QRectF(area)), false); });
    connect(plot, &QWidget::customContextMenuRequested, this, [this, plot](const QPoint &place) {
        std::set<int> here = plot->rows_at(place);
        if (!std::includes(m_selected.begin(), m_selected.end(), here.begin(), here.end()))
            select(here, false);
        open_menu(plot->mapToGlobal(place));
    });
}

QComboBox *FlowWindow::add_choice(QLayout *row, const QString &label, const Items &items,
                                  std::initializer_list<flow_picture_view> views, QString &chosen)
{
    auto *text = new QLabel(label + ":");
    auto *box = new QComboBox;

    for (const auto &[shown, value] : items)
        box->addItem(shown, value);
    box->setCurrentIndex(std::max(0, box->findData(chosen)));
    box->setAccessibleName(label);
    box->setMaximumWidth(260);
    text->setBuddy(box);
    row->addWidget(text);
    row->addWidget(box);
    m_controls.emplace_back(text, views);
    m_controls.emplace_back(box, views);
    connect(box, QOverload<int>::of(&QComboBox::currentIndexChanged), this,
            [this, box, &chosen](int number) {
                chosen = box->itemData(number).toString();
                if (&chosen != &m_choices.colour_by)
                    page().is_fitted = true; /* what was in sight is elsewhere now */
                rebuild();
            });
    return box;
}

QCheckBox *FlowWindow::add_switch(QLayout *row, const QString &label,
                                  std::initializer_list<flow_picture_view> views, bool &chosen)
{
    auto *box = new QCheckBox(label);

    box->setChecked(chosen);
    row->addWidget(box);
    m_controls.emplace_back(box, views);
    connect(box, &QCheckBox::toggled, this, [this, &chosen](bool is_on) {
        chosen = is_on;
        page().is_fitted = true;
        rebuild();
    });
    return box;
}

void FlowWindow::add_controls(QLayout *row)
{
    add_choice(
        row, "Colour by",
        { { "TCP state", "state" },
          { "Protocol", "protocol" },
          { "Application", "application" },
          { "Direction", "direction" },
          { "Server", "server" },
          { "Flow", "flow" } },
        { FLOW_PICTURE_TIMELINE, FLOW_PICTURE_OVER_TIME, FLOW_PICTURE_WHO, FLOW_PICTURE_SCATTER },
        m_choices.colour_by);
    add_choice(row, "Top",
               { { "Hosts", "host" },
                 { "Servers, by name", "server" },
                 { "Ports", "port" },
                 { "Applications", "app" },
                 { "Conversations", "conversation" } },
               { FLOW_PICTURE_WHO }, m_choices.who);
    add_choice(row, "By", { { "Bytes", "bytes" }, { "Packets", "pkts" }, { "Flows", "flows" } },
               { FLOW_PICTURE_WHO }, m_choices.measure);
    add_choice(row, "Times",
               { { "All", "" },
                 { "Handshake RTT", "handshake" },
                 { "Response times", "response" },
                 { "ACK RTT", "ack" } },
               { FLOW_PICTURE_OVER_TIME }, m_choices.times);
    add_choice(row, "Sort by",
               { { "Start", "start" },
                 { "Bytes", "bytes" },
                 { "Duration", "duration" },
                 { "RTT", "tcp.rtt" },
                 { "Destination", "dst" },
                 { "Application", "app" } },
               { FLOW_PICTURE_TIMELINE }, m_choices.sort);
    add_choice(row, "Group by",
               { { "Nothing", "" }, { "Source host", "host" }, { "Conversation", "conversation" } },
               { FLOW_PICTURE_TIMELINE }, m_choices.group);
    add_choice(row, "Horizontal", field_items(m_flows), { FLOW_PICTURE_SCATTER }, m_choices.x);
    add_switch(row, "logarithmic", { FLOW_PICTURE_SCATTER }, m_choices.is_log_x)
        ->setAccessibleName("Horizontal axis logarithmic");
    add_choice(row, "Vertical", field_items(m_flows), { FLOW_PICTURE_SCATTER }, m_choices.y);
    add_switch(row, "logarithmic", { FLOW_PICTURE_SCATTER }, m_choices.is_log_y)
        ->setAccessibleName("Vertical axis logarithmic");
    static_cast<QBoxLayout *>(row)->addStretch(1);
}

void FlowWindow::add_buttons(QLayout *row)
{
    auto add = [this, row](const QString &label, auto call) {
        auto *button = new QPushButton(label);
        button->setAutoDefault(false);
        row->addWidget(button);
        connect(button, &QPushButton::clicked, this, call);
        return button;
    };

    m_limit = new QCheckBox(QStringLiteral("Limit to display filter"));
    m_dark = new QCheckBox(QStringLiteral("Dark"));
    m_dark->setChecked(m_choices.is_dark);
    m_dark->setToolTip("Light on dark, in the window and in what is saved");
    row->addWidget(m_limit);
    row->addWidget(m_dark);
    static_cast<QBoxLayout *>(row)->addStretch(1);
    add("Fit", [this] { fit(); })->setToolTip("Show all flows (Home)");
    add("Copy", [this] { copy_picture(); })->setToolTip("Copy the picture and, as text, the table");
    add("Save As…", [this] { save(); })->setToolTip("As PNG, PDF, SVG, or the table as CSV");
    add("Close", [this] { close(); });
    connect(m_limit, &QCheckBox::toggled, this, [this] {
        fit_all();
        read();
        rebuild();
    });
    connect(m_dark, &QCheckBox::toggled, this, [this](bool is_on) {
        m_choices.is_dark = is_on;
        rebuild();
    });
}

void FlowWindow::show_view(flow_picture_view view)
{
    if (m_pages[view].plot)
        m_tabs->setCurrentWidget(m_pages[view].plot);
    show();
    raise();
    activateWindow();
}

FlowWindow::Page &FlowWindow::page()
{
    for (Page &page : m_pages)
        if (page.plot && page.plot == m_tabs->currentWidget())
            return page;
    return m_pages[FLOW_PICTURE_TIMELINE];
}

/* Reading */

/* What has changed in Wireshark is looked for, not told: so nothing here can be left over there. */
void FlowWindow::look_for_changes()
{
    flow_picture_now now = {};
    QElapsedTimer watch;

    watch.start();
    if (m_follow_tries > 0)
        follow();
    m_host->now(&now);
    bool is_other = now.generation != m_seen.generation;
    bool is_more = now.packets != m_seen.packets;
    bool is_filtered = m_limit->isChecked() && now.displayed != m_seen.displayed;
    m_seen = now;
    if (is_other || is_filtered)
        fit_all();
    if (is_other || is_more || is_filtered) {
        read();
        rebuild();
    }
    page().plot->mark(now.flow == FLOW_PICTURES_NO_FLOW ? -1 : m_flows.row(now.flow), now.frame);
    m_timer.start(std::max<int>(LOOK_EVERY, static_cast<int>(watch.elapsed()) * REST_FACTOR));
}

void FlowWindow::read()
{
    flow_picture_now now = {};
    std::set<uint32_t> kept;
    uint64_t generation = m_flows.generation();

    for (int row : m_selected)
        kept.insert(m_flows.flow(static_cast<size_t>(row)));
    m_selected.clear();
    m_host->now(&now);
    m_choices.file = QFileInfo(QString::fromUtf8(now.path)).fileName();
    m_choices.filter = m_limit->isChecked() ? QString::fromUtf8(now.filter) : QString();
    m_flows.read(m_limit->isChecked() ? FLOW_PICTURE_DISPLAYED : FLOW_PICTURE_ALL);
    for (uint32_t flow : kept)
        if (generation == m_flows.generation() && m_flows.row(flow) >= 0)
            m_selected.insert(m_flows.row(flow));
    setWindowTitle("Flow Timeline" + (m_choices.file.isEmpty()
                                          ? QString()
                                          : QString::fromUtf8(" · ") + m_choices.file));
}

void FlowWindow::rebuild()
{
    for (Page &page : m_pages)
        page.is_stale = true;
    show_page();
}

void FlowWindow::show_page()
{
    Page &current = page();
    auto view = static_cast<flow_picture_view>(&current - m_pages.data());

    for (const auto &[widget, views] : m_controls)
        widget->setVisible(std::find(views.begin(), views.end(), view) != views.end());
    if (current.is_stale) {
        current.plot->rebuild();
        if (current.is_fitted)
            current.plot->fit();
        current.is_stale = false;
        current.plot->replot(QCustomPlot::rpQueuedReplot);
    }
    m_is_selecting = true;
    m_model->set(current.plot->table());
    m_is_selecting = false;
    m_view->setAccessibleName(current.plot->accessibleName() + " table");
    m_view->resizeColumnsToContents();
    for (int column = 0; column < m_model->columnCount(); column++)
        m_view->setColumnWidth(column, std::min<int>(m_view->columnWidth(column), COLUMN_MAX));
    show_selection();
}

/* What there is is something else now: show all of it, whatever the user had in sight. */
void FlowWindow::fit_all()
{
    for (Page &page : m_pages)
        page.is_fitted = true;
}

void FlowWindow::fit()
{
    page().is_fitted = true;
    page().plot->fit();
    page().plot->replot();
}

void FlowWindow::changeEvent(QEvent *event)
{
    QDialog::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_timer.isActive())
        m_dark->setChecked(is_dark(palette()));
}

/* Selecting */

void FlowWindow::show_selection()
{
    QItemSelection selection;
    int first = -1;

    page().plot->select(m_selected);
    for (int row : m_selected) {
        int line = m_model->table().table_row ? m_model->table().table_row(row) : -1;
        if (line < 0)
            continue;
        first = first < 0 ? line : std::min(first, line);
        selection.select(m_model->index(line, 0), m_model->index(line, m_model->columnCount() - 1));
    }
    m_is_selecting = true;
    m_view->selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect);
    m_is_selecting = false;
    if (first >= 0) {
        /* Keys go on from there. */
        m_view->selectionModel()->setCurrentIndex(m_model->index(first, 0),
                                                  QItemSelectionModel::NoUpdate);
        m_view->scrollTo(m_model->index(first, 0));
    }
    show_status();
}

/* What hovering says of a flow is said of one that is selected, too. */
void FlowWindow::show_status()
{
    QString text = counted(static_cast<double>(m_flows.size()), "flow");

    if (!m_selected.empty())
        text += ", " + english(static_cast<double>(m_selected.size())) + " selected";
    if (m_selected.size() == 1)
        text += ": " + page().plot->describe(*m_selected.begin()).replace("\n", ", ");
    m_status->setText(text);
    m_status->setToolTip(Qt::convertFromPlainText(text));
}

void FlowWindow::select(const std::set<int> &rows, bool from_table)
{
    m_selected = rows;
    if (!from_table) {
        show_selection();
        return;
    }
    page().plot->select(m_selected);
    show_status();
}

void FlowWindow::hover(const QPoint &place, const QPoint &on_screen)
{
    QString text = page().plot->text_at(place);

    if (text.isEmpty())
        QToolTip::hideText();
    else
        QToolTip::showText(on_screen, Qt::convertFromPlainText(text), page().plot);
}

/* A click, not the end of a drag, nor of a double click: what is there now was elsewhere. */
void FlowWindow::click(QMouseEvent *event)
{
    std::set<int> here = page().plot->rows_at(event->pos()), rows = m_selected;

    if (event->button() != Qt::LeftButton || event->modifiers() & Qt::ShiftModifier ||
        m_is_double || (event->pos() - m_pressed).manhattanLength() > 4)
        return;
    if (!(event->modifiers() & Qt::ControlModifier)) {
        select(here, false);
        if (!here.empty())
            go_to_first_packet();
        return;
    }
    for (int row : here)
        if (rows.erase(row) == 0)
            rows.insert(row);
    select(rows, false);
}

/* What the mouse does, by the keys that Wireshark's own graphs have. */
bool FlowWindow::press_key(const QKeyEvent *event)
{
    Plot *plot = page().plot;
    bool is_shifted = event->modifiers() & Qt::ShiftModifier;
    double step = is_shifted ? 0.01 : 0.1, factor = is_shifted ? 1.25 : 0.8;

    switch (event->key()) {
    case Qt::Key_Left: plot->move(Qt::Horizontal, -step); break;
    case Qt::Key_Right: plot->move(Qt::Horizontal, step); break;
    case Qt::Key_Up: plot->move(Qt::Vertical, -step); break;
    case Qt::Key_Down: plot->move(Qt::Vertical, step); break;
    case Qt::Key_Plus:
    case Qt::Key_Equal: plot->zoom(Qt::Horizontal | Qt::Vertical, 0.8); break;
    case Qt::Key_Minus: plot->zoom(Qt::Horizontal | Qt::Vertical, 1.25); break;
    case Qt::Key_X: plot->zoom(Qt::Horizontal, factor); break;
    case Qt::Key_Y: plot->zoom(Qt::Vertical, factor); break;
    case Qt::Key_Home:
    case Qt::Key_0: fit(); return true;
    default: return false;
    }
    page().is_fitted = false;
    plot->replot(QCustomPlot::rpQueuedReplot);
    return true;
}

/* Copying and going to a packet are for picture and table alike; the table selects by itself. */
bool FlowWindow::press_key_anywhere(QObject *in, const QKeyEvent *event)
{
    Plot *plot = page().plot;

    if (event->matches(QKeySequence::Copy))
        in == m_view ? copy_csv() : copy_picture();
    else if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        go_to_first_packet();
    else if (in != plot)
        return false;
    else if (event->matches(QKeySequence::SelectAll))
        select(plot->rows_in(plot->axisRect()->rect()), false);
    else if (event->matches(QKeySequence::Deselect))
        select({}, false);
    else
        return press_key(event);
    return true;
}

bool FlowWindow::eventFilter(QObject *watched, QEvent *event)
{
    Plot *plot = page().plot;

    if (event->type() == QEvent::KeyPress &&
        press_key_anywhere(watched, static_cast<QKeyEvent *>(event)))
        return true;
    /* Where the mouse is tells nothing when a key asks for the menu. */
    if (event->type() == QEvent::ContextMenu && watched == plot &&
        static_cast<QContextMenuEvent *>(event)->reason() == QContextMenuEvent::Keyboard) {
        open_menu(plot->mapToGlobal(plot->axisRect()->center()));
        return true;
    }
    return QDialog::eventFilter(watched, event);
}

/* Doing something in Wireshark; the flows must still be those that are open there. */

void FlowWindow::go_to_first_packet()
{
    flow_picture_now now = {};

    m_host->now(&now);
    if (m_selected.empty() || now.generation != m_flows.generation())
        return;
    auto row = static_cast<size_t>(*m_selected.begin());
    double first = m_flows.number("first_frame", row);
    auto frame = std::isnan(first) ? 0 : static_cast<uint32_t>(first);
    /* Limited to what is displayed: the first of those. */
    m_flows.packets(
        row, FLOW_PICTURE_PLAIN,
        [](const flow_picture_packet *packet, void *data) {
            *static_cast<uint32_t *>(data) = packet->frame;
            return false;
        },
        &frame);
    if (frame != 0)
        m_host->go_to(frame);
}

/* That of the selected flows; empty where there are none, or others than in Wireshark. */
QString FlowWindow::filter_text()
{
    flow_picture_now now = {};
    QStringList ids;

    m_host->now(&now);
    if (now.generation != m_flows.generation() || m_selected.size() > FLOWS_IN_FILTER)
        return {};
    for (int row : m_selected)
        ids += QString::number(m_flows.number("id", static_cast<size_t>(row)), 'f', 0);
    if (ids.isEmpty())
        return {};
    return ids.size() == 1 ? "flow.id == " + ids[0] : "flow.id in {" + ids.join(", ") + "}";
}

/* Wireshark's filter line; nullptr: it was not found. */
QLineEdit *FlowWindow::filter_line()
{
    for (auto *line :
         parentWidget() ? parentWidget()->findChildren<QLineEdit *>() : QList<QLineEdit *>())
        if (line->inherits("DisplayFilterEdit") && line->parent()->inherits("DisplayFilterCombo"))
            return line;
    return nullptr;
}

/* Plugins have no call that prepares a filter: Wireshark applies what it is given. */
void FlowWindow::filter(bool apply, bool is_not)
{
    QString text = filter_text();

    if (text.isEmpty())
        return;
    if (is_not)
        text = "!(" + text + ")";
    if (apply)
        m_host->filter(text.toUtf8().constData());
    else if (QLineEdit *line = filter_line())
        line->setText(text);
}

/* 0: take all colours away. */
void FlowWindow::colour(unsigned number)
{
    QString text = filter_text();

    if (number > 0 && text.isEmpty())
        return;
    m_host->colour(number, number > 0 ? text.toUtf8().constData() : nullptr);
    for (QWidget *list : parentWidget() ? parentWidget()->findChildren<QWidget *>() : QWidgetList())
        if (list->inherits("PacketList"))
            QMetaObject::invokeMethod(list, "recolorPackets");
}

/* Wireshark's own action for the transport of the flow that is selected; nullptr: there is none. */
QAction *FlowWindow::follow_action()
{
    auto *menu = parentWidget() ? parentWidget()->findChild<QMenu *>("menuFollow") : nullptr;

    if (!menu || m_selected.size() != 1)
        return nullptr;
    QString name = m_flows.text("proto_name", static_cast<size_t>(*m_selected.begin())) + " Stream";
    for (QAction *action : menu->actions())
        if (action->text().remove('&') == name)
            return action;
    return nullptr;
}

/*
 * Wireshark follows the stream of the packet that it is at, when it has gone
 * there: it stays where it was, at another flow's, when the packet is not displayed.
 */
void FlowWindow::follow()
{
    QAction *action = follow_action();
    flow_picture_now now = {};

    m_host->now(&now);
    bool is_there = action && action->isEnabled() && now.generation == m_flows.generation() &&
                    now.flow == m_followed && m_flows.row(now.flow) == *m_selected.begin();
    m_follow_tries = action && !is_there ? m_follow_tries - 1 : 0;
    if (is_there)
        action->trigger();
}

namespace
{

template <typename Call>
void add_action(QMenu *to, const QString &label, bool is_on, QObject *context, Call call)
{
    QAction *action = to->addAction(label);

    action->setEnabled(is_on);
    QObject::connect(action, &QAction::triggered, context, call);
}

} // namespace

/* What Wireshark's own dialogs have of a conversation. */
void FlowWindow::add_requests(QMenu *menu)
{
    bool is_some = !filter_text().isEmpty();

    for (bool apply : { true, false }) {
        QMenu *sub = menu->addMenu(apply ? "Apply as Filter" : "Prepare as Filter");
        add_action(sub, "Selected", is_some, this, [this, apply] { filter(apply, false); });
        add_action(sub, "Not Selected", is_some, this, [this, apply] { filter(apply, true); });
    }
    QMenu *colours = menu->addMenu("Colorize");
    for (unsigned i = 1; i <= FLOW_PICTURE_COLOURS; i++)
        add_action(colours, "Color " + QString::number(i), is_some, this, [this, i] { colour(i); });
    add_action(colours, "Reset Colorization", true, this, [this] { colour(0); });
    add_action(menu, "Follow Stream", follow_action() != nullptr, this, [this] {
        if (m_selected.size() != 1)
            return; /* what was selected has gone while the menu was open */
        go_to_first_packet();
        m_followed = m_flows.flow(static_cast<size_t>(*m_selected.begin()));
        m_follow_tries = FOLLOW_TRIES;
        follow();
    });
    add_action(menu, "Go to First Packet", !m_selected.empty(), this,
               [this] { go_to_first_packet(); });
}

void FlowWindow::open_menu(const QPoint &on_screen)
{
    auto *menu = new QMenu(this);

    menu->setAttribute(Qt::WA_DeleteOnClose);
    add_requests(menu);
    menu->addSeparator();
    add_action(menu, "Show All", true, this, [this] { fit(); });
    add_action(menu, "Copy Picture", true, this, [this] { copy_picture(); });
    add_action(menu, "Copy Table as CSV", true, this, [this] { copy_csv(); });
    add_action(menu, "Save As…", true, this, [this] { save(); });
    menu->popup(on_screen);
}

/* Out */

void FlowWindow::copy_picture()
{
    QBuffer bytes;
    auto *mime = new QMimeData;

    bytes.open(QIODevice::WriteOnly);
    page().plot->save(bytes, FLOW_PICTURE_PNG, page().plot->size());
    mime->setImageData(QImage::fromData(bytes.data(), "PNG"));
    mime->setText(QString::fromUtf8(csv_of(m_model->table())));
    QApplication::clipboard()->setMimeData(mime);
}

void FlowWindow::copy_csv()
{
    QApplication::clipboard()->setText(QString::fromUtf8(csv_of(m_model->table())));
}

/* The name of a file that may be written, with its ending; empty where the user has none. */
QString FlowWindow::name_to_save()
{
    flow_picture_now now = {};
    QString chosen;
    QString name =
        QFileDialog::getSaveFileName(this, "Save Picture of Flows", QString(),
                                     "PNG (*.png);;PDF (*.pdf);;SVG (*.svg);;CSV (*.csv)", &chosen,
                                     QFileDialog::DontConfirmOverwrite);
    std::error_code error;

    if (name.isEmpty())
        return {};
    if (QFileInfo(name).suffix().isEmpty())
        name += "." + chosen.left(3).toLower();
    m_host->now(&now);
    if (std::filesystem::equivalent(name.toStdString(), now.path, error)) {
        QMessageBox::warning(this, windowTitle(), name + ": This is the capture that is open");
        return {};
    }
    if (QFileInfo::exists(name) &&
        QMessageBox::question(this, windowTitle(),
                              name + " already exists.\nDo you want to replace it?") !=
            QMessageBox::Yes)
        return {};
    return name;
}

void FlowWindow::save()
{
    static const struct {
        const char *suffix;
        flow_picture_format format;
    } formats[] = { { ".png", FLOW_PICTURE_PNG },
                    { ".pdf", FLOW_PICTURE_PDF },
                    { ".svg", FLOW_PICTURE_SVG } };
    QString name = name_to_save();

    if (name.isEmpty())
        return;
    const auto *format = std::find_if(std::begin(formats), std::end(formats), [&](auto &one) {
        return name.endsWith(one.suffix, Qt::CaseInsensitive);
    });
    bool is_picture = format != std::end(formats);
    if (!is_picture && !name.endsWith(".csv", Qt::CaseInsensitive)) {
        QMessageBox::warning(this, windowTitle(),
                             "The name must end with .png, .pdf, .svg or .csv");
        return;
    }
    QSaveFile file(name);
    bool is_open = file.open(QIODevice::WriteOnly);
    if (is_open && is_picture)
        page().plot->save(file, format->format, page().plot->size());
    else if (is_open)
        file.write(csv_of(m_model->table()));
    if (!is_open || !file.commit())
        QMessageBox::warning(this, windowTitle(), name + ": " + file.errorString());
}
