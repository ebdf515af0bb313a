// Passkeys, where the browser has them: shows the buttons, asks the browser, sends what it answers as a form.
// Without this script a code of an authenticator app, or a recovery code, does the same.

const bytes = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), letter => letter.charCodeAt(0));
const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
const described = list => (list || []).map(one => ({ ...one, id: bytes(one.id) }));

async function options(form) {
  const answer = await fetch(form.dataset.options, { method: 'POST', body: new FormData(form), credentials: 'same-origin' });
  if (!answer.ok) throw new Error('refused');
  const { publicKey } = await answer.json();
  publicKey.challenge = bytes(publicKey.challenge);
  return publicKey;
}

async function made(publicKey) {
  publicKey.user.id = bytes(publicKey.user.id);
  publicKey.excludeCredentials = described(publicKey.excludeCredentials);
  const key = await navigator.credentials.create({ publicKey });
  return shown(key, { attestationObject: text(key.response.attestationObject) });
}

async function used(publicKey) {
  publicKey.allowCredentials = described(publicKey.allowCredentials);
  const key = await navigator.credentials.get({ publicKey });
  const { authenticatorData, signature, userHandle } = key.response;
  return shown(key, {
    authenticatorData: text(authenticatorData),
    signature: text(signature),
    userHandle: userHandle && text(userHandle),
  });
}

const shown = (key, more) => JSON.stringify({
  id: key.id,
  rawId: text(key.rawId),
  type: key.type,
  clientExtensionResults: {},
  response: { clientDataJSON: text(key.response.clientDataJSON), ...more },
});

for (const form of window.PublicKeyCredential ? document.querySelectorAll('form[data-passkey]') : []) {
  form.closest('[data-needs-passkeys]').hidden = false;
  const problem = form.querySelector('[data-problem]');
  form.addEventListener('submit', async event => {
    if (form.elements.passkey.value) return;
    event.preventDefault();
    problem.hidden = true;
    try {
      const publicKey = await options(form);
      form.elements.passkey.value = await (form.dataset.passkey === 'new' ? made : used)(publicKey);
      form.submit();
    } catch (error) {
      problem.hidden = false;
      problem.focus();
    }
  });
}
