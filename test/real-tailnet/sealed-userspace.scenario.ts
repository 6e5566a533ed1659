import { Person } from "./person.ts";
import { test as base } from "./scene.ts";

/** As in `userspace.scenario.ts`: the server's node has no network interface of its own. */
const test = base.override("chat", { scope: "file" }, ({ tailnet }) =>
  tailnet.join("chat", { user: "alice", userspace: true }),
);

const ALICE = "alice person alice@example.com";
const DAVE = "dave person dave@example.com";

test("RT-34 in userspace mode people are marked, too", async ({ chat, alice: alicesNode, pod }) => {
  await chat.serve();
  const alice = new Person(alicesNode, "alice", chat.v4);
  const dave = new Person(pod, "dave", chat.name);
  await alice.comesIn();
  await dave.comesIn();
  const all = [`${ALICE}: in tailnet`, `${DAVE}: in tailnet`];
  await dave.marks("#everyone", ...all);
  await alice.marks("#everyone", ...all);
});

test("RT-31 sealed rooms between a person in userspace mode and others, on a server in userspace mode", async ({
  chat,
  alice: alicesNode,
  pod,
}) => {
  await chat.serve();
  const alice = new Person(alicesNode, "alice", chat.v4);
  const dave = new Person(pod, "dave", chat.name);
  await alice.pad("send", "#everyone", "hello");
  await dave.comesIn();
  await dave.sees("#everyone", ALICE, DAVE);
  await dave.pad("send", "#everyone", "from the pod");
  await alice.hasRead("#everyone", "alice hello", "dave from the pod");
  await dave.goAway();
  await alice.pad("send", "dave", "for later");
  await dave.hasRead("alice", "alice for later");
});
