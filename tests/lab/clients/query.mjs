// Reads a list of requests {path, query} from standard input, builds each
// query with odata-query, sends it by fetch, and prints the answers.
import odataQuery from "odata-query";

const buildQuery = odataQuery.default ?? odataQuery;
let text = "";
for await (const part of process.stdin) text += part;
const { url, token, requests } = JSON.parse(text);
const answers = [];
for (const { path, query } of requests) {
  const options = buildQuery(query);
  const answer = await fetch(url + path + options, {
    headers: { Authorization: "Bearer " + token },
  });
  answers.push({ options, status: answer.status, body: await answer.json() });
}
process.stdout.write(JSON.stringify(answers));
