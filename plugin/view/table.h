#ifndef FLOWSTATS_VIEW_TABLE_H
#define FLOWSTATS_VIEW_TABLE_H

#include "plot.h"

#include <QAbstractTableModel>

/* The table of a picture, for Qt's table view: cells are asked for as they come into sight. */
class TableModel : public QAbstractTableModel
{
  public:
    using QAbstractTableModel::QAbstractTableModel;

    void set(Table table)
    {
        beginResetModel();
        m_table = std::move(table);
        endResetModel();
    }

    const Table &table() const
    {
        return m_table;
    }

    int rowCount(const QModelIndex &parent = {}) const override
    {
        return parent.isValid() ? 0 : static_cast<int>(m_table.rows);
    }

    int columnCount(const QModelIndex &parent = {}) const override
    {
        return parent.isValid() ? 0 : static_cast<int>(m_table.columns.size());
    }

    QVariant data(const QModelIndex &index, int role) const override
    {
        if (!index.isValid() || role != Qt::DisplayRole)
            return {};
        return m_table.cell(static_cast<size_t>(index.row()), index.column());
    }

    QVariant headerData(int section, Qt::Orientation orientation, int role) const override
    {
        if (role != Qt::DisplayRole || orientation != Qt::Horizontal ||
            section >= m_table.columns.size())
            return {};
        return m_table.columns[section];
    }

  private:
    Table m_table;
};

#endif
