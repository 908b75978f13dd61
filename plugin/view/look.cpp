#include "look.h"

#include <QHash>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace
{

struct Unit {
    double size;
    const char *name;
    double axis_from; /* of an axis: from so many of them on */
};

/* From the largest to the smallest. */
const Unit seconds_units[] = { { 86400, "d", 5 }, { 3600, "h", 5 },  { 60, "min", 10 },
                               { 1, "s", 2 },     { 1e-3, "ms", 2 }, { 1e-6, "µs", 2 },
                               { 1e-9, "ns", 0 } };
const Unit counts_units[] = {
    { 1e12, "T", 5 }, { 1e9, "G", 5 }, { 1e6, "M", 5 }, { 1e3, "k", 5 }, { 1, "", 0 }
};

template <size_t N> const Unit &unit_for(const Unit (&units)[N], double number)
{
    for (const Unit &unit : units)
        if (std::abs(number) >= unit.size)
            return unit;
    return units[N - 1];
}

template <size_t N> const Unit &axis_unit_for(const Unit (&units)[N], double size)
{
    for (const Unit &unit : units)
        if (size >= unit.size * unit.axis_from)
            return unit;
    return units[N - 1];
}

QString short_number(double number)
{
    return QString::number(number, 'g', 3 + static_cast<int>(std::abs(number) >= 1000));
}

} // namespace

const Look &look_of(bool is_dark)
{
    static const Look light = { QColor("#ffffff"), QColor("#1f2933"), QColor("#6b7580"),
                                QColor("#e4e8ec"), QColor("#c0143c"), QColor("#101418") };
    static const Look dark = { QColor("#1c1e21"), QColor("#e8eaed"), QColor("#9aa3ad"),
                               QColor("#34383d"), QColor("#ff5c7a"), QColor("#ffffff") };

    return is_dark ? dark : light;
}

Colouring colouring_named(const QString &name)
{
    static const QHash<QString, Colouring> named = {
        { QStringLiteral("state"), Colouring::State },
        { QStringLiteral("protocol"), Colouring::Protocol },
        { QStringLiteral("application"), Colouring::Application },
        { QStringLiteral("direction"), Colouring::Direction },
        { QStringLiteral("server"), Colouring::Server },
        { QStringLiteral("flow"), Colouring::Flow },
    };

    return named.value(name, Colouring::State);
}

/* Paul Tol's colours, which the colour-blind tell apart too. */
QColor colour_number(size_t number)
{
    static const char *const colours[] = { "#4477aa", "#ee7733", "#228833", "#aa3377",
                                           "#66ccee", "#ccbb44", "#009988", "#ee99aa" };

    return { number < std::size(colours) ? colours[number] : "#929aa3" };
}

namespace
{

/* A state has its colour whatever other states there are. */
const struct {
    const char *name;
    const char *colour;
} state_colours[] = {
    { "Established", "#4477aa" }, { "Closed", "#228833" },      { "Reset", "#cc3311" },
    { "SynSent", "#ee7733" },     { "SynReceived", "#ccbb44" }, { "FinWait", "#66ccee" },
    { "CloseWait", "#009988" },   { "Closing", "#aa3377" },     { "Unknown", "#7a828a" },
};

enum { CLASSES_MAX = 9 };

QString direction_of(Flows &flows, size_t row)
{
    double up = flows.number("up.bytes", row), down = flows.number("down.bytes", row);

    if (down <= 0)
        return QStringLiteral("only up");
    if (up <= 0)
        return QStringLiteral("only down");
    return up >= down ? QStringLiteral("more up") : QStringLiteral("more down");
}

QString class_name(Flows &flows, Colouring by, size_t row)
{
    QString name;

    switch (by) {
    case Colouring::State: name = flows.text("tcp.state_name", row); break;
    case Colouring::Protocol: name = flows.text("proto_name", row); break;
    case Colouring::Application: name = flows.text("app", row); break;
    case Colouring::Direction: name = direction_of(flows, row); break;
    case Colouring::Server: name = flows.server(row); break;
    case Colouring::Flow: name = flows.ends(row); break;
    }
    if (!name.isEmpty())
        return name;
    return by == Colouring::State ? QStringLiteral("not TCP") : QStringLiteral("none");
}

QColor colour_of(Colouring by, const QString &name, size_t number)
{
    if (by != Colouring::State)
        return colour_number(number);
    for (const auto &state : state_colours)
        if (name == QLatin1String(state.name))
            return { state.colour };
    return { "#929aa3" };
}

} // namespace

Classes classes_of(Flows &flows, Colouring by)
{
    QHash<QString, size_t> number_of;
    std::vector<QString> names;
    std::vector<double> amounts;
    std::vector<size_t> first(flows.size());
    Classes classes;

    classes.are_bytes = by == Colouring::Server || by == Colouring::Flow;
    for (size_t row = 0; row < flows.size(); row++) {
        QString name = class_name(flows, by, row);
        auto found = number_of.constFind(name);
        if (found == number_of.constEnd()) {
            found = number_of.insert(name, names.size());
            names.push_back(name);
            amounts.push_back(0);
        }
        first[row] = *found;
        amounts[*found] += classes.are_bytes ? std::fmax(flows.number("bytes", row), 0) : 1;
    }

    std::vector<size_t> order(names.size()), place(names.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return amounts[a] > amounts[b]; });
    for (size_t i = 0; i < order.size(); i++) {
        size_t number = names.size() > CLASSES_MAX && i >= CLASSES_MAX - 1 ? CLASSES_MAX - 1 : i;
        place[order[i]] = number;
        if (number < classes.amounts.size()) {
            classes.amounts[number] += amounts[order[i]];
            continue;
        }
        bool is_rest = names.size() > CLASSES_MAX && number == CLASSES_MAX - 1;
        classes.names.append(is_rest ? QStringLiteral("others") : names[order[i]]);
        classes.colours.push_back(is_rest ? colour_number(SIZE_MAX)
                                          : colour_of(by, names[order[i]], number));
        classes.amounts.push_back(amounts[order[i]]);
    }
    classes.of_row.reserve(first.size());
    for (size_t number : first)
        classes.of_row.push_back(static_cast<uint8_t>(place[number]));
    return classes;
}

QString seconds_text(double seconds)
{
    const Unit &unit = unit_for(seconds_units, seconds);

    return std::isnan(seconds) ? QStringLiteral("-")
           : seconds == 0      ? QStringLiteral("0 s")
                          : short_number(seconds / unit.size) + " " + QString::fromUtf8(unit.name);
}

static QString amount_text(double amount, const char *of)
{
    const Unit &unit = unit_for(counts_units, amount);

    return std::isnan(amount) ? QStringLiteral("-")
                              : short_number(amount / unit.size) + " " + unit.name + of;
}

QString bytes_text(double bytes)
{
    return amount_text(bytes, "B");
}

QString rate_text(double bits)
{
    return amount_text(bits, "bit/s");
}

QString english(double number)
{
    return QLocale(QLocale::English).toString(number, 'f', 0);
}

QString counted(double number, const QString &what)
{
    return english(number) + " " + what + (number == 1 ? "" : "s");
}

QString number_text(const Column &column, double number)
{
    if (std::isnan(number))
        return QStringLiteral("-");
    switch (column.kind) {
    case FLOW_PICTURE_COUNT: return QString::number(number, 'f', 0);
    case FLOW_PICTURE_REAL: return QString::number(number, 'g', 6);
    case FLOW_PICTURE_SPAN:
    case FLOW_PICTURE_INSTANT: return QString::number(number, 'f', 9);
    case FLOW_PICTURE_TEXT: break;
    }
    return {};
}

QString cell_text(Flows &flows, const Column &column, size_t row)
{
    return column.kind == FLOW_PICTURE_TEXT ? flows.word(column.words[row])
                                            : number_text(column, column.numbers[row]);
}

QString short_name(const QString &name)
{
    const int letters = 44;

    return name.size() <= letters
               ? name
               : name.left(letters / 2) + QString::fromUtf8("…") + name.right(letters / 2);
}

double WordTicker::getTickStep(const QCPRange &range)
{
    return std::max(1.0, std::ceil(QCPAxisTicker::getTickStep(range)));
}

int WordTicker::getSubTickCount(double)
{
    return 0;
}

QString WordTicker::getTickLabel(double tick, const QLocale &, QChar, int)
{
    return short_name(m_words.value(static_cast<int>(std::lround(tick))));
}

UnitTicker::UnitTicker(QCPAxis *axis, QString label, Of of)
    : m_axis(axis), m_label(std::move(label)), m_of(of)
{
}

void UnitTicker::generate(const QCPRange &range, const QLocale &locale, QChar format, int precision,
                          QVector<double> &ticks, QVector<double> *sub_ticks,
                          QVector<QString> *labels)
{
    /* A zoom far from 0 keeps the unit of what it shows, not of where it is. */
    const Unit &unit = m_of == Of::Seconds ? axis_unit_for(seconds_units, range.size())
                                           : axis_unit_for(counts_units, range.size());
    QCPRange scaled(range.lower / unit.size, range.upper / unit.size);
    QString name = QString::fromUtf8(unit.name);

    m_unit = unit.size;
    m_step = getTickStep(scaled);
    QCPAxisTicker::generate(scaled, locale, format, precision, ticks, sub_ticks, labels);
    for (double &tick : ticks)
        tick *= unit.size;
    if (sub_ticks)
        for (double &tick : *sub_ticks)
            tick *= unit.size;
    QString label = name.isEmpty() || m_label.isEmpty() ? m_label
                    : m_label.endsWith(')')
                        ? m_label.left(m_label.size() - 1).replace("(", "(" + name) + ")"
                        : m_label + " (" + name + ")";
    if (m_axis->label() != label)
        m_axis->setLabel(label);
}

double UnitTicker::getTickStep(const QCPRange &range)
{
    double step = QCPAxisTicker::getTickStep(range);

    return m_of == Of::Counts ? std::max(step, 1 / m_unit) : step;
}

QString UnitTicker::getTickLabel(double tick, const QLocale &, QChar, int)
{
    int decimals = 0;

    for (double step = m_step; decimals < 9 && std::abs(step - std::round(step)) > 1e-6 * step;
         step *= 10)
        decimals++;
    /* What is next to 0 has a sign otherwise. */
    return QString::number(std::abs(tick) < m_step * 1e-6 ? 0 : tick, 'f', decimals);
}

QString LogTicker::getTickLabel(double tick, const QLocale &, QChar, int)
{
    /* Powers of ten have no round number of minutes. */
    double size = tick * (1 + 1e-9);
    const Unit &unit = m_of == UnitTicker::Of::Seconds
                           ? unit_for(seconds_units, std::min(size, 1.0))
                           : unit_for(counts_units, size);

    QString name = QString::fromUtf8(unit.name) + m_suffix;

    return QString::number(tick / unit.size, 'g', 9) + (name.isEmpty() ? "" : " ") + name;
}
