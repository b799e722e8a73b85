// Tests of the console's modules that need no page: run by `node --test`.

import assert from "node:assert/strict";
import test from "node:test";
import { pathToFileURL } from "node:url";

globalThis.localStorage = { getItem: () => null, setItem() {}, removeItem() {} };
globalThis.addEventListener = () => {};
globalThis.location = { pathname: "/", search: "", hash: "" };

const folder = pathToFileURL(`${process.env.CONSOLE_FOLDER}/`);
const load = (name) => import(new URL(name, folder));
const { match } = await load("router.js");
const { carriedOver } = await load("forms/answers.js");
const { taskTitle, count, deploymentTitle, versionOf } = await load("words.js");

test("patterns fit whole addresses", () => {
  assert.deepEqual(match("/envs/:env/deployments", "/envs/1/deployments"), { env: "1" });
  assert.deepEqual(match("/envs/:env/deployments", "/envs/1/deployments/"), { env: "1" });
  assert.deepEqual(match("/charts/:kind", "/charts/Web%20Shop"), { kind: "Web Shop" });
  assert.deepEqual(match("/", "/"), {});
  assert.equal(match("/envs/:env", "/envs/1/deployments"), null);
  assert.equal(match("/charts", "/chart"), null);
  assert.equal(match("/charts/:kind", "/charts/%E0%A4%A"), null);
});

const input = (id, type = "text", more = {}) => ({ id, type, label: `The ${id}`, ...more });

test("answers are carried over where the next version asks the same", () => {
  const before = { inputs: [input("name"), input("size", "number"), input("gone")] };
  const after = { inputs: [input("name"), input("size", "text"), input("added", "number", { initialValue: 3 })] };
  const carried = carriedOver({ name: "a", size: 2, gone: true, own: 1 }, before, after);
  assert.deepEqual(carried.kept, { name: "a", own: 1, added: 3 });
  assert.deepEqual(carried.dropped, ["The size", "The gone"]);
  assert.deepEqual(carried.added, ["The added"]);
});

test("answers that look like nothing are answers", () => {
  const form = { inputs: [input("flag", "Checkbox", { initialValue: true }), input("number", "number", { initialValue: 7 }), input("text")] };
  assert.deepEqual(carriedOver({ flag: false, number: 0, text: "" }, form, form).kept, { flag: false, number: 0, text: "" });
});

test("a form that asks nothing keeps what a person wrote", () => {
  assert.deepEqual(carriedOver({ a: 1 }, null, null), { kept: { a: 1 }, dropped: [], added: [] });
});

test("tasks are called by what they do", () => {
  assert.equal(taskTitle({ operation: { Upgrade: {} } }), "Upgrade");
  assert.equal(taskTitle({ operation: { RestartK8sResource: { resource_name: "web" } } }), "Restart web");
  assert.equal(taskTitle({ operation: { InvokeAction: { action_id: "restock" } } }), "Action restock");
  assert.equal(taskTitle({ operation: { Recreate: { new_namespace: "shop-b" } } }), "Move to shop-b");
  assert.equal(taskTitle({ operation: { SomethingNew: null } }), "SomethingNew");
});

test("names and versions fall back to what there is", () => {
  assert.equal(deploymentTitle({ name: "" }, { name: "WebShop" }), "WebShop");
  assert.equal(versionOf({ parsed_version: null, image_tag: "1.0" }), "1.0");
  assert.equal(versionOf(undefined), "");
  assert.equal(count(1, "deployment"), "1 deployment");
  assert.equal(count(0, "deployment"), "0 deployments");
});
