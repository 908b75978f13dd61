#include "over_time.h"
#include "scatter.h"
#include "timeline.h"
#include "who.h"
#include "window.h"

#include <QApplication>
#include <QBuffer>
#include <QPointer>
#include <clocale>
#include <map>
#include <memory>

/* The module's one symbol: the window, and pictures without a window. */

namespace
{

const QSize SIZE(1100, 700);

/* A picture that is not drawn yet, and its flows so far. */
struct Pending {
    std::unique_ptr<Flows> flows;
    Choices choices;
    std::unique_ptr<Plot> plot;
};

std::map<const void *, std::unique_ptr<Pending>> pending;

void say_nothing(QtMsgType, const QMessageLogContext &, const QString &) {}

/*
 * Qt without a desktop.  It takes over the program's locale, in which numbers may
 * have commas: it is put back.  It ends with the program, and not before.
 */
void start_without_window()
{
    static int count = 3;
    static char name[] = "flowstats", option[] = "-platform", platform[] = "offscreen";
    static char *arguments[] = { name, option, platform, nullptr };

    if (QCoreApplication::instance())
        return;
    QByteArray locale = setlocale(LC_ALL, nullptr);
    qInstallMessageHandler(say_nothing);
    /* NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks): it ends with the program */
    static auto *application = new QApplication(count, arguments);
    (void)application;
    setlocale(LC_ALL, locale.constData());
}

std::unique_ptr<Plot> plot_of(flow_picture_view view, Flows &flows, Choices &choices)
{
    switch (view) {
    case FLOW_PICTURE_SCATTER: return std::make_unique<Scatter>(flows, choices);
    case FLOW_PICTURE_OVER_TIME: return std::make_unique<OverTime>(flows, choices);
    case FLOW_PICTURE_WHO: return std::make_unique<Who>(flows, choices);
    case FLOW_PICTURE_TIMELINE:
    case FLOW_PICTURE_VIEWS: break;
    }
    return std::make_unique<Timeline>(flows, choices);
}

const char *take(const flow_picture_host *host, flow_picture_view view, const void *picture)
{
    start_without_window();
    if (!qobject_cast<QApplication *>(QCoreApplication::instance()))
        return "the Qt of this program cannot draw";
    std::unique_ptr<Pending> &of = pending[picture];
    if (!of) {
        of = std::make_unique<Pending>();
        of->flows = std::make_unique<Flows>(host);
        of->plot = plot_of(view, *of->flows, of->choices);
        of->plot->prepare();
    }
    of->flows->add(FLOW_PICTURE_TALLY);
    return nullptr;
}

const char *draw(const flow_picture_order *order, const void *picture)
{
    auto taken = pending.extract(picture);
    QBuffer bytes;

    if (taken.empty())
        return "there is nothing to draw";
    Choices &choices = taken.mapped()->choices;
    Plot *plot = taken.mapped()->plot.get();
    choices.file = QString::fromUtf8(order->file);
    choices.filter = QString::fromUtf8(order->filter);
    plot->resize(SIZE);
    plot->rebuild();
    plot->fit();
    bytes.open(QIODevice::WriteOnly);
    plot->save(bytes, order->format, SIZE);
    order->write(bytes.data().constData(), static_cast<size_t>(bytes.size()), order->data);
    return nullptr;
}

/* Wireshark's main window; nullptr where there is none. */
QWidget *main_window()
{
    for (QWidget *widget : QApplication::topLevelWidgets())
        if (widget->inherits("QMainWindow"))
            return widget;
    return nullptr;
}

const char *open(const flow_picture_host *host, flow_picture_view view)
{
    static QPointer<FlowWindow> window;

    if (!qobject_cast<QApplication *>(QCoreApplication::instance()))
        return "Flow Timeline was built for another Qt than that of this program";
    if (!window)
        window = new FlowWindow(host, main_window());
    window->show_view(view);
    return nullptr;
}

} // namespace

extern "C" __attribute__((visibility("default"))) const flow_picture_module *
flow_picture_module_get()
{
    static const struct flow_picture_module module = { FLOW_PICTURES_VERSION, open, take, draw };

    return &module;
}
