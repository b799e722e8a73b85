/** The tasks of an environment: under way first, then what was. */

import { get, serverNow } from "../api/request.js";
import { useRemote } from "../live/remote.js";
import { Empty, Shown } from "../parts/states.js";
import { Pager } from "../parts/table.js";
import { PageHead } from "../parts/tabs.js";
import { address } from "../router.js";
import { envOf } from "../session/catalogue.js";
import { html, useEffect } from "../view.js";
import { count } from "../words.js";
import { TaskList } from "./task_list.js";

export function Activity({ env: envId }) {
  const { page } = address.value.query;
  const here = (event) => event.env_id === envId;
  const active = useRemote((abort) => get("/deployment-tasks", { env_id: envId, active_only: true, per_page: 100 }, abort), [envId], ["deployment_tasks"], here);
  const past = useRemote((abort) => get("/deployment-tasks", { env_id: envId, show_future: false, page, per_page: 50 }, abort), [envId, page], ["deployment_tasks"], here);
  useEffect(() => {
    document.title = `Activity · ${envOf(envId)?.name ?? ""} – Platz`;
  }, [envId]);
  return html`
    <${PageHead} title="Activity" />
    <${Shown} remote=${active}>${({ items, num_total: total }) => items.length > 0 && html`<${Groups} items=${items} />
      ${total > items.length && html`<p class="soft">${count(total - items.length, "more task")} not shown here.</p>`}`}</${Shown}>
    <section><h2>All</h2>
      <${Shown} remote=${past}>${(answer) => answer.items.length === 0
        ? html`<${Empty} title="Nothing has happened in this environment yet." />`
        : html`<${TaskList} tasks=${answer.items} caption="All tasks, newest first" /><${Pager} answer=${answer} />`}</${Shown}>
    </section>
  `;
}

function Groups({ items }) {
  const running = items.filter((task) => task.status === "Started");
  const due = items.filter((task) => task.status === "Pending" && Date.parse(task.execute_at) <= serverNow() + 5000);
  const scheduled = items.filter((task) => task.status === "Pending" && !due.includes(task));
  return [["Running", running], ["Waiting", due.reverse()], ["Scheduled", scheduled.reverse()]].map(
    ([title, tasks]) => tasks.length > 0 && html`<section key=${title}><h2>${title}</h2><${TaskList} tasks=${tasks} caption=${`${title} tasks`} /></section>`,
  );
}
