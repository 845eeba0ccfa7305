// An OpenID Connect provider without pages: who signs in, and how, is said in
// fields of the request.  It serves HTTPS, and asks for client certificates
// without judging them, so that it can bind tokens to them (RFC 8705).
//
//   node op.mjs PORT KEYS.json CERT.pem KEY.pem [rotate|drop]
//
// The keys live in a file, made when it is missing.  rotate adds new ones,
// which sign from then on, and keeps publishing the old ones; drop keeps the
// newest alone.  Prints "ready" when it listens.
import { readFileSync, existsSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import https from 'node:https';
import Provider from 'oidc-provider';
import { generateKeyPair, exportJWK } from 'jose';

const [port, keysFile, certFile, keyFile, change] = process.argv.slice(2);
const issuer = `https://localhost:${port}`;
const ALGS = ['RS256', 'PS256', 'ES256'];
const TENANT = '11111111-2222-3333-4444-555555555555';

async function makeKeys() {
  const name = randomBytes(4).toString('hex');
  return Promise.all(ALGS.map(async (alg) => {
    const { privateKey } = await generateKeyPair(alg, { extractable: true });
    return { ...await exportJWK(privateKey), alg, use: 'sig',
      kid: `${alg}-${name}` };
  }));
}

async function loadKeys() {
  let keys = existsSync(keysFile)
    ? JSON.parse(readFileSync(keysFile, 'utf8')) : await makeKeys();
  if (change === 'rotate') keys = [...await makeKeys(), ...keys];
  if (change === 'drop') keys = keys.slice(0, ALGS.length);
  writeFileSync(keysFile, JSON.stringify(keys), { mode: 0o600 });
  return keys;
}

const users = {
  alice: { groups: ['g-admins', 'g-ops'], oid: 'oid-alice', upn: 'alice' },
  bob: { groups: ['g-ops'], oid: 'oid-bob', upn: 'bob' },
  // more groups than fit: the list is left out
  grace: { oid: 'oid-grace', upn: 'grace',
    _claim_names: { groups: 'src1' },
    _claim_sources: { src1: { endpoint: 'https://localhost:1/groups' } } },
};

// The algorithm is asked for as a resource: urn:reeve:ES256.
const isResource = (resource) =>
  ALGS.includes(resource.replace('urn:reeve:', ''));

function extraClaims(ctx, token) {
  const e = ctx.oidc.entities;
  const from = e.AuthorizationCode || e.RefreshToken || e.DeviceCode || {};
  const user = users[token.accountId];
  if (!user) return undefined;
  return { ...user, tid: TENANT, amr: from.amr, acr: from.acr,
    auth_time: from.authTime,
    ...(from.acr ? { acrs: [from.acr] } : {}) };
}

const native = { token_endpoint_auth_method: 'none',
  application_type: 'native', redirect_uris: ['http://127.0.0.1:9/cb'],
  response_types: ['code'] };
const provider = new Provider(issuer, {
  jwks: { keys: await loadKeys() },
  clients: [
    { ...native, client_id: 'cli', grant_types: ['authorization_code',
      'urn:ietf:params:oauth:grant-type:device_code'] },
    { ...native, client_id: 'bound', grant_types: ['authorization_code'],
      tls_client_certificate_bound_access_tokens: true },
    { client_id: 'job', client_secret: 'job-secret', redirect_uris: [],
      response_types: [], grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'client_secret_post' },
  ],
  acrValues: ['c1', 'urn:reeve:phr'],
  scopes: ['openid', 'offline_access'],
  claims: { openid: ['sub'], acr: null, amr: null, auth_time: null },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    dPoP: { enabled: true },
    mTLS: { enabled: true, certificateBoundAccessTokens: true,
      getCertificate: (ctx) => {
        const peer = ctx.socket.getPeerX509Certificate?.();
        return peer && peer.toString();
      } },
    resourceIndicators: { enabled: true,
      defaultResource: async () => 'urn:reeve:RS256',
      useGrantedResource: async () => true,
      getResourceServerInfo: async (ctx, resource) => {
        if (!isResource(resource)) throw new Error('no such resource');
        return { scope: 'access', audience: 'reeve', accessTokenTTL: 300,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: resource.replace('urn:reeve:', '') } } };
      } },
  },
  findAccount: (ctx, id) => users[id] && { accountId: id,
    claims: async () => ({ sub: id }) },
  extraTokenClaims: extraClaims,
  interactions: { url: (ctx, interaction) =>
    `/interaction/${interaction.uid}` },
  ttl: { AccessToken: 300, AuthorizationCode: 60, Interaction: 600,
    Session: 3600, Grant: 3600, IdToken: 300, DeviceCode: 600,
    ClientCredentials: 300 },
  pkce: { required: () => true },
  cookies: { keys: [randomBytes(16).toString('hex')] },
});

// Signs in whom the fields X-Lab-User, X-Lab-Amr and X-Lab-Acr name.
async function interact(req, res) {
  const details = await provider.interactionDetails(req, res);
  const user = req.headers['x-lab-user'];
  const grant = new provider.Grant({ accountId: user,
    clientId: details.params.client_id });
  grant.addOIDCScope('openid offline_access');
  for (const alg of ALGS) grant.addResourceScope(`urn:reeve:${alg}`, 'access');
  const grantId = await grant.save();
  await provider.interactionFinished(req, res, {
    login: { accountId: user, remember: false,
      amr: (req.headers['x-lab-amr'] || 'pwd').split(','),
      acr: req.headers['x-lab-acr'] },
    consent: { grantId },
  }, { mergeWithLastSubmission: false });
}

const serve = provider.callback();
https.createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile),
  requestCert: true, rejectUnauthorized: false }, (req, res) => {
  if (!req.url.startsWith('/interaction/')) {
    serve(req, res);
    return;
  }
  interact(req, res).catch((e) => {
    res.statusCode = 500;
    res.end(String(e));
  });
}).listen(Number(port), '127.0.0.1', () => console.log('ready'));
