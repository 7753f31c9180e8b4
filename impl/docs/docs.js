'use strict';

(async () => {
  const contract = await (await fetch('/openapi.json')).json();
  // "Execute" sends requests to the service that served this page, not to the server in the contract.
  contract.servers = [{ url: '/', description: 'The service that serves this page' }];

  const reference = SwaggerUIBundle({
    spec: contract,
    dom_id: '#reference',
    deepLinking: true,
    displayOperationId: true,
    displayRequestDuration: true,
    tryItOutEnabled: true,
    validatorUrl: null,
  });

  const login = document.getElementById('login');
  if (!login) return;
  login.addEventListener('submit', async (event) => {
    event.preventDefault();
    const message = login.querySelector('output');
    try {
      const user = login.elements.user.value;
      const { code, rawData, signature } = await send('/simulator/login', { user });
      const { token } = await send('/v1/session', { code, rawData, signature });
      reference.preauthorizeApiKey('bearer', token);
      message.value = `Logged in as ${user}. “Execute” sends the token.`;
    } catch (error) {
      message.value = error.message;
    }
  });
})();

async function send(path, body) {
  const answer = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.detail ?? content.errmsg);
  return content;
}
