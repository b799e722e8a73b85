/** The people who signed in at least once. */

import { put } from "../../api/request.js";
import { CollectionPage } from "../../parts/collection_page.js";
import { Ago } from "../../parts/time.js";
import { html } from "../../view.js";

export function UsersPage() {
  return html`<${CollectionPage}
    title="Users"
    intro="People appear here at their first sign-in. Nobody can change their own rights."
    source=${{ path: "/users", tables: ["users"] }}
    empty="Nobody has signed in yet."
    columns=${[
      { title: "Name", cell: (row) => html`<span dir="auto">${row.display_name}</span>` },
      { title: "E-mail", cell: (row) => row.email },
      { title: "Role", cell: (row) => (row.is_admin ? "Site admin" : "User") },
      { title: "Active", cell: (row) => (row.is_active ? "Yes" : "No") },
      { title: "First sign-in", cell: (row) => html`<${Ago} at=${row.created_at} />` },
    ]}
    editing=${(row) => ({
      title: `Change ${row.display_name}`,
      verb: "Save",
      initial: { is_admin: row.is_admin, is_active: row.is_active },
      fields: [{ key: "is_admin", label: "Site admin", kind: "check" }, { key: "is_active", label: "May sign in", kind: "check", help: "Without it, open sessions end within five seconds." }],
      save: (values) => put(`/users/${row.id}`, values),
    })}
  />`;
}
