let turn = 0;
let counting = false;

/** The number of the event loop's present turn: the same for everything that one poll brought. Costs nothing while nobody asks. */
export function thisTurn(): number {
  if (!counting) {
    counting = true;
    setImmediate(next);
  }
  return turn;
}

function next(): void {
  turn++;
  counting = false;
}
