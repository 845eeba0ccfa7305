// Gets tokens from op.mjs, as a person with a browser would.
//
//   node client.mjs ISSUER '{"user": "alice", ...}'
//
// Members: flow ("code", "client" or "device"), user, amr, acr, alg, client;
// cert and key: files of a client certificate; dpop: true.  Prints one line
// of JSON: {"token", "jwk"}; jwk is the private key of DPoP.  With flow
// "device" it signs in with the code of member user_code and prints {}.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';

const [issuer, text] = process.argv.slice(2);
const want = { flow: 'code', user: '', client: 'cli', alg: 'ES256', amr: 'pwd',
  ...JSON.parse(text) };
const CALLBACK = 'http://127.0.0.1:9/cb';
const resource = `urn:reeve:${want.alg}`;
const tls = { ca: readFileSync(process.env.NODE_EXTRA_CA_CERTS),
  ...(want.cert ? { cert: readFileSync(want.cert),
    key: readFileSync(want.key) } : {}) };
const cookies = {};

// One request, without following anything.
function ask(url, form, fields = {}) {
  const body = form && new URLSearchParams(form).toString();
  return new Promise((resolve, reject) => {
    const req = https.request(url, { ...tls, method: form ? 'POST' : 'GET',
      headers: { 'X-Lab-User': want.user, 'X-Lab-Amr': want.amr,
        ...(want.acr ? { 'X-Lab-Acr': want.acr } : {}),
        cookie: Object.entries(cookies).map((c) => c.join('=')).join('; '),
        ...(form ? { 'content-type': 'application/x-www-form-urlencoded',
          'content-length': Buffer.byteLength(body) } : {}),
        ...fields } }, (res) => {
      let said = '';
      for (const line of res.headers['set-cookie'] || []) {
        const [pair] = line.split(';');
        const at = pair.indexOf('=');
        cookies[pair.slice(0, at)] = pair.slice(at + 1);
      }
      res.on('data', (piece) => { said += piece; });
      res.on('end', () => resolve({ status: res.statusCode, body: said,
        location: res.headers.location }));
    });
    req.on('error', reject);
    req.end(body);
  });
}

// Follows to the callback, or to a page; answers with the last one.
async function follow(url, form) {
  let answer = await ask(url, form);
  for (let i = 0; i < 12 && answer.location; i += 1) {
    const next = new URL(answer.location, issuer).href;
    if (next.startsWith(CALLBACK)) return new URL(next);
    answer = await ask(next);
  }
  return answer;
}

async function prove(url) {
  if (!want.dpop) return [{}, undefined];
  const { publicKey, privateKey } = await generateKeyPair('ES256',
    { extractable: true });
  const proof = await new SignJWT({ htm: 'POST', htu: url,
    jti: randomBytes(12).toString('hex') })
    .setIssuedAt()
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt',
      jwk: await exportJWK(publicKey) })
    .sign(privateKey);
  return [{ DPoP: proof }, await exportJWK(privateKey)];
}

async function redeem(form) {
  const url = `${issuer}/token`;
  const [fields, jwk] = await prove(url);
  const answer = await ask(url, form, fields);
  const said = JSON.parse(answer.body);
  if (!said.access_token) throw new Error(answer.body);
  return { token: said.access_token, id_token: said.id_token, jwk };
}

async function byCode() {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({ client_id: want.client,
    response_type: 'code', scope: 'openid access', redirect_uri: CALLBACK,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256', state: 's', resource,
    ...(want.acr ? { acr_values: want.acr } : {}) });
  const end = await follow(`${issuer}/auth?${query}`);
  const code = end.searchParams?.get('code');
  if (!code) throw new Error(String(end.body || end));
  return redeem({ grant_type: 'authorization_code', code, resource,
    redirect_uri: CALLBACK, client_id: want.client, code_verifier: verifier });
}

const byClient = () => redeem({ grant_type: 'client_credentials',
  client_id: 'job', client_secret: 'job-secret', resource });

// The pages of the device flow are forms with a secret each.
async function byDevice() {
  const secret = (page) => /name="xsrf" value="([^"]+)"/.exec(page.body)[1];
  const url = `${issuer}/device`;
  let page = await ask(`${url}?user_code=${want.user_code}`);
  page = await ask(url, { xsrf: secret(page), user_code: want.user_code });
  page = await follow(url, { xsrf: secret(page), user_code: want.user_code,
    confirm: 'yes' });
  if (page.status !== 200) throw new Error(page.body);
  return {};
}

const flows = { code: byCode, client: byClient, device: byDevice };
console.log(JSON.stringify(await flows[want.flow]()));
