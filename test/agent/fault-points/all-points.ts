import { tellStory, type FaultPoint } from "./story.ts";

const WHOSE = ["server", "alice", "bob"] as const;
const HOW = ["dies", "fails"] as const;
/** Stories told beside one another: each waits for others' disks and sockets most of its time. */
const BESIDE = 3;

/** So many points were gone through. */
export type FaultFigures = Record<`${(typeof WHOSE)[number]} ${(typeof HOW)[number]}`, number>;

/**
 * Tells the story once for each point, or for every `stride`th from `first` on, of all that the three stores are asked in it. Throws the first thing that is wrong,
 * with its point.
 */
export async function allPoints(first: number, stride: number): Promise<FaultFigures> {
  const { steps } = await tellStory(null);
  const figures: Partial<FaultFigures> = {};
  const points: FaultPoint[] = [];
  for (const whose of WHOSE) {
    for (const how of HOW) {
      // How many there are varies by a few, as others' pushes come sooner or later.
      for (let at = first; at <= steps[whose]; at += stride) points.push({ whose, how, at });
    }
  }
  await Promise.all(
    Array.from({ length: BESIDE }, async () => {
      for (let point = points.shift(); point !== undefined; point = points.shift()) {
        const { isStruck } = await tellStory(point);
        const kind = `${point.whose} ${point.how}` as const;
        if (isStruck) figures[kind] = (figures[kind] ?? 0) + 1;
      }
    }),
  );
  return {
    "server dies": 0,
    "server fails": 0,
    "alice dies": 0,
    "alice fails": 0,
    "bob dies": 0,
    "bob fails": 0,
    ...figures,
  };
}
