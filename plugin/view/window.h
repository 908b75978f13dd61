#ifndef FLOWSTATS_VIEW_WINDOW_H
#define FLOWSTATS_VIEW_WINDOW_H

#include "plot.h"

#include <QDialog>
#include <QTimer>
#include <array>

class QAction;
class QCheckBox;
class QComboBox;
class QLabel;
class QMenu;
class QTabWidget;
class QTableView;
class TableModel;

/* The window: pictures of the same flows, the table of the one that shows, and what can be done. */
class FlowWindow : public QDialog
{
  public:
    /* parent: Wireshark's main window, nullptr for none. */
    FlowWindow(const flow_picture_host *host, QWidget *parent);

    void show_view(flow_picture_view view);

  protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
    void changeEvent(QEvent *event) override;

  private:
    /* A picture; made anew only when it shows. */
    struct Page {
        Plot *plot = nullptr;
        bool is_stale = true;
        bool is_fitted = true;  /* the user has not zoomed or moved it */
        Qt::Orientations zooms; /* the axes that the wheel zooms */
    };

    void add_page(flow_picture_view view, Plot *plot, const QString &title);
    void add_controls(QLayout *row);
    void add_buttons(QLayout *row);
    QComboBox *add_choice(QLayout *row, const QString &label,
                          const std::vector<std::pair<QString, QString>> &items,
                          std::initializer_list<flow_picture_view> views, QString &chosen);
    QCheckBox *add_switch(QLayout *row, const QString &label,
                          std::initializer_list<flow_picture_view> views, bool &chosen);

    Page &page();
    void look_for_changes();
    void read();
    void rebuild();
    void show_page();
    void show_selection();
    void show_status();
    void fit();
    void fit_all();

    void hover(const QPoint &place, const QPoint &on_screen);
    void click(QMouseEvent *event);
    bool press_key(const QKeyEvent *event);
    bool press_key_anywhere(QObject *in, const QKeyEvent *event);
    void select(const std::set<int> &rows, bool from_table);
    void go_to_first_packet();
    QString filter_text();
    QLineEdit *filter_line();
    void filter(bool apply, bool is_not);
    void colour(unsigned number);
    QAction *follow_action();
    void follow();
    void add_requests(QMenu *menu);
    void open_menu(const QPoint &on_screen);
    QString name_to_save();
    void save();
    void copy_picture();
    void copy_csv();

    const flow_picture_host *m_host;
    Flows m_flows;
    Choices m_choices;
    std::array<Page, FLOW_PICTURE_VIEWS> m_pages;
    flow_picture_now m_seen = {}; /* its texts are not looked at */
    std::set<int> m_selected;
    QTimer m_timer;
    QTabWidget *m_tabs;
    QTableView *m_view;
    TableModel *m_model;
    QLabel *m_status;
    QCheckBox *m_limit, *m_dark;
    std::vector<std::pair<QWidget *, std::vector<flow_picture_view>>> m_controls;
    QPoint m_pressed;
    bool m_is_double = false;    /* the button went down for a double click */
    int m_follow_tries = 0;      /* how often a stream is still looked for that is to be followed */
    uint32_t m_followed = 0;     /* the flow whose stream that is */
    bool m_is_selecting = false; /* the table's selection is being set */
};

#endif
