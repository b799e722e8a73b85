/** Tables and their pages. */

import { address, changeQuery } from "../router.js";
import { html } from "../view.js";
import { Icon } from "./icon.js";

/**
 * A table of rows: `columns` are `{title, cell(row), className?, sort?}`; the first column names the row. The heading of
 * a column with `sort` sorts by it; the order stands in the address.
 */
export function Table({ caption, columns, rows, dimmed = () => false }) {
  return html`<div class="table-frame" tabindex="0" role="region" aria-label=${caption}>
    <table>
      <caption class="hidden">${caption}</caption>
      <thead><tr>${columns.map((column) => html`<${Heading} column=${column} />`)}</tr></thead>
      <tbody>
        ${rows.map((row) => html`<tr key=${row.id} class=${dimmed(row) ? "dimmed" : ""}>${columns.map((column, place) => cell(column, row, place))}</tr>`)}
      </tbody>
    </table>
  </div>`;
}

function Heading({ column }) {
  const { title, className, sort } = column;
  if (!sort) return html`<th scope="col" class=${className}>${title || html`<span class="hidden">Actions</span>`}</th>`;
  const by = address.value.query.sort ?? "name";
  const up = by === sort;
  const down = by === `-${sort}`;
  const order = up ? "ascending" : down ? "descending" : undefined;
  return html`<th scope="col" class=${className} aria-sort=${order}>
    <button type="button" class="sort" onClick=${() => changeQuery({ sort: up ? `-${sort}` : sort, page: "" })}>${title}${order && html`<${Icon} name=${up ? "up" : "down"} />`}</button>
  </th>`;
}

function cell(column, row, place) {
  const content = column.cell(row);
  return place === 0
    ? html`<th scope="row" class=${column.className} data-title=${column.title}>${content}</th>`
    : html`<td class=${column.className} data-title=${column.title}>${content}</td>`;
}

/** "51–100 of 317" with its neighbours; the page stands in the address. */
export function Pager({ answer }) {
  const { page, per_page: size, num_total: total } = answer;
  const pages = Math.max(1, Math.ceil(total / size));
  if (pages === 1) return null;
  const first = (page - 1) * size + 1;
  return html`<nav class="pager" aria-label="Pages">
    <span>${first.toLocaleString()}–${Math.min(total, page * size).toLocaleString()} of ${total.toLocaleString()}</span>
    <button type="button" class="small" disabled=${page <= 1} onClick=${() => changeQuery({ page: page - 1 > 1 ? page - 1 : "" })}>Previous</button>
    <button type="button" class="small" disabled=${page >= pages} onClick=${() => changeQuery({ page: page + 1 })}>Next</button>
  </nav>`;
}
