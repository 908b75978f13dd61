#ifndef FLOWSTATS_VIEW_LOOK_H
#define FLOWSTATS_VIEW_LOOK_H

#include "flows.h"

#include <QColor>
#include <QString>
#include <qcustomplot.h>

/* How pictures look: colours, light and dark, and numbers with their units. */

struct Look {
    QColor background, text, faint, grid, mark, selection;
};

const Look &look_of(bool is_dark);

/* What flows are coloured by. */
enum class Colouring { State, Protocol, Application, Direction, Server, Flow };

/* "state" and so on; what is none of them is a state. */
Colouring colouring_named(const QString &name);

/* The classes of flows that have one colour each; the last one is all that are too many. */
struct Classes {
    QStringList names;
    std::vector<QColor> colours;
    std::vector<double> amounts; /* flows, or the bytes of those that are told by their bytes */
    bool are_bytes = false;
    std::vector<uint8_t> of_row;
};

Classes classes_of(Flows &flows, Colouring by);

/* The n-th colour of those that are told apart well; past their end grey. */
QColor colour_number(size_t number);

/* "1.5 MB", "12.3 ms", "-": as the kind wants. */
QString number_text(const Column &column, double number);
QString bytes_text(double bytes);
QString rate_text(double bits);                      /* a second */
QString english(double number);                      /* "100,000" */
QString counted(double number, const QString &what); /* "1 flow", "100,000 flows" */
QString seconds_text(double seconds);
QString cell_text(Flows &flows, const Column &column, size_t row);

/* The two ends of a long name; the table has all of it. */
QString short_name(const QString &name);

/* Ticks at round numbers of the unit that suits the range; the axis's label names the unit. */
class UnitTicker : public QCPAxisTicker
{
  public:
    enum class Of { Seconds, Counts, Reals }; /* counts are whole numbers */

    UnitTicker(QCPAxis *axis, QString label, Of of);

    void generate(const QCPRange &range, const QLocale &locale, QChar format, int precision,
                  QVector<double> &ticks, QVector<double> *sub_ticks,
                  QVector<QString> *labels) override;

  protected:
    double getTickStep(const QCPRange &range) override;
    QString getTickLabel(double tick, const QLocale &locale, QChar format, int precision) override;

  private:
    QCPAxis *m_axis;
    QString m_label;
    Of m_of;
    double m_step = 1, m_unit = 1;
};

/* The same for a logarithmic axis, where each tick has its own unit. */
class LogTicker : public QCPAxisTickerLog
{
  public:
    LogTicker(UnitTicker::Of of, QString suffix) : m_of(of), m_suffix(std::move(suffix)) {}

  protected:
    QString getTickLabel(double tick, const QLocale &locale, QChar format, int precision) override;

  private:
    UnitTicker::Of m_of;
    QString m_suffix;
};

/* Words, as many as there is room for. */
class WordTicker : public QCPAxisTicker
{
  public:
    explicit WordTicker(QStringList words) : m_words(std::move(words)) {}

  protected:
    double getTickStep(const QCPRange &range) override;
    int getSubTickCount(double step) override;
    QString getTickLabel(double tick, const QLocale &locale, QChar format, int precision) override;

  private:
    QStringList m_words;
};

#endif
