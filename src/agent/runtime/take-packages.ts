import type { ReplyBody } from "../../wire/frames/requests.ts";
import type { Entrance } from "./entrance.ts";

/** Devices that one commit adds at most. */
export const MOST_ADDED = 64;

type Taken = ReplyBody<"take-packages">["packages"];

/** A key package of each of these devices that the server has one of, unchecked. */
export async function takeThoseThere(
  { client }: Pick<Entrance, "client">,
  group: string,
  devices: readonly string[],
): Promise<Taken> {
  let asked = [...devices];
  while (asked.length > 0) {
    const answer = await client.request("take-packages", { group, of: asked });
    if (answer.kind === "answered") return answer.value.packages;
    if (answer.kind !== "refused" || answer.refusal === null) return [];
    // One that the server doesn't know, or has nothing of, keeps no other out.
    const { refusal } = answer;
    const missing = "device" in refusal ? refusal.device : asked[asked.length - 1];
    const left = asked.filter((device) => device !== missing);
    if (left.length === asked.length) return [];
    asked = left;
  }
  return [];
}
