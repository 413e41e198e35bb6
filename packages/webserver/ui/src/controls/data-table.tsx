import {
  type ColumnDef,
  createSortedRowModel,
  FlexRender,
  rowSortingFeature,
  sortFns,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import type { ReactNode } from 'react';

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel(), sortFns });

export interface Column<T> {
  readonly id: string;
  readonly header: string;
  readonly cell: (row: T) => ReactNode;
  /** What the column sorts by; without it the header is plain text. */
  readonly sortBy?: (row: T) => string | number;
  readonly className?: string;
  /** Keeps the header for screen readers alone: a column of buttons needs no title. */
  readonly isHeaderHidden?: boolean;
  /** On a telephone a row is a block in which each value has its header before it; this one needs none. */
  readonly isSelfEvident?: boolean;
}

/** A dense table. Sorting works on the rows at hand; filters and pages are the server's. */
export function DataTable<T extends object>({
  label,
  columns,
  rows,
  rowKey,
}: {
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
}) {
  const table = useTable({
    features,
    data: rows as T[],
    columns: columns.map(
      (column): ColumnDef<typeof features, T> => ({
        id: column.id,
        header: column.header,
        accessorFn: column.sortBy ?? (() => ''),
        enableSorting: column.sortBy !== undefined,
        cell: ({ row }) => column.cell(row.original),
        meta: { className: column.className },
      }),
    ),
    getRowId: rowKey,
  });
  const hidden = new Set(columns.flatMap((column) => (column.isHeaderHidden ? [column.id] : [])));
  const labelOf = new Map(
    columns.map(({ id, header, isHeaderHidden, isSelfEvident }) => [
      id,
      isHeaderHidden || isSelfEvident ? undefined : header,
    ]),
  );
  const classOf = new Map(columns.map((column) => [column.id, column.className]));
  return (
    <div className="table-scroll">
      <table className="table" aria-label={label}>
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {group.headers.map((header) => {
                const sorted = header.column.getIsSorted();
                return (
                  <th
                    key={header.id}
                    scope="col"
                    className={classOf.get(header.column.id)}
                    aria-sort={sorted === false ? undefined : sorted === 'asc' ? 'ascending' : 'descending'}
                  >
                    {header.column.getCanSort() ? (
                      <button type="button" onClick={header.column.getToggleSortingHandler()}>
                        <FlexRender header={header} />
                        {sorted === 'asc' ? ' ↑' : sorted === 'desc' ? ' ↓' : ''}
                      </button>
                    ) : (
                      <span className={hidden.has(header.column.id) ? 'sr-only' : undefined}>
                        <FlexRender header={header} />
                      </span>
                    )}
                  </th>
                );
              })}
            </tr>
          ))}
        </thead>
        <tbody>
          {table.getRowModel().rows.map((row) => (
            <tr key={row.id}>
              {row.getAllCells().map((cell) => (
                <td
                  key={cell.id}
                  className={classOf.get(cell.column.id)}
                  data-label={labelOf.get(cell.column.id)}
                >
                  <FlexRender cell={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
