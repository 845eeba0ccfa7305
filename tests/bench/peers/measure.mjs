// Asks the questions of the world over and over, for some seconds, checks
// every answer, and prints decisions a second and how many were wrong.
import { questions } from "./world.mjs";

const SECONDS = Number(process.argv[2] ?? 3);
const WARM_UP = 200;
const BETWEEN_LOOKS = 16;

function report(n, wrong, spent) {
  console.log(JSON.stringify({ rate: n / spent, wrong }));
}

function now() {
  return performance.now() / 1000;
}

export function measure(decide) {
  let n = 0, wrong = 0, spent;
  for (let i = 0; i < WARM_UP; i++) decide(questions[i]);
  const start = now();
  do {
    for (let k = 0; k < BETWEEN_LOOKS; k++, n++) {
      const q = questions[n % questions.length];
      if (decide(q) !== q.want) wrong++;
    }
    spent = now() - start;
  } while (spent < SECONDS);
  report(n, wrong, spent);
}

// For a library whose answer is a promise.
export async function measureAsync(decide) {
  let n = 0, wrong = 0, spent;
  for (let i = 0; i < WARM_UP; i++) await decide(questions[i]);
  const start = now();
  do {
    for (let k = 0; k < BETWEEN_LOOKS; k++, n++) {
      const q = questions[n % questions.length];
      if ((await decide(q)) !== q.want) wrong++;
    }
    spent = now() - start;
  } while (spent < SECONDS);
  report(n, wrong, spent);
}
