/** Starts the console: links, identity, lists, live connection, and the first page. */

import { keepConnected } from "./live/socket.js";
import { Shell } from "./pages/shell.js";
import { followLinks } from "./router.js";
import { followCatalogue } from "./session/catalogue.js";
import { followIdentity } from "./session/identity.js";
import { followKnownRows } from "./session/known_rows.js";
import { html, render } from "./view.js";

followLinks();
followIdentity();
followCatalogue();
followKnownRows();
keepConnected();
const place = document.getElementById("console");
place.replaceChildren();
render(html`<${Shell} />`, place);
