// Says when there is something new; never moves what is being read. The page works without: "Check for new alerts".
const news = document.getElementById('alert-news');
const ASK_EVERY = 30_000;
const title = document.title;
let said = '';
let asking = 0;

const tell = ({ waiting, newest }) => {
  if (said === `${waiting} ${newest}`) return;
  said = `${waiting} ${newest}`;
  document.title = waiting ? `(${waiting}) ${title}` : title;
  if (!waiting) { news.replaceChildren(); return; }
  const line = document.createElement('p');
  const link = document.createElement('a');
  link.href = '/alerts';
  link.textContent = 'Show what is new';
  line.append(waiting === 1 ? '1 alert that you have not seen. ' : `${waiting} alerts that you have not seen. `, link);
  news.replaceChildren(line);
};

const over = () => {
  clearInterval(asking);
  const line = document.createElement('p');
  line.textContent = 'You have been signed out. Sign in again to be told of new alerts.';
  news.replaceChildren(line);
};

// Where the stream cannot be had, the page asks now and then.
const ask = async () => {
  try {
    const answer = await fetch('/alerts/waiting', { credentials: 'same-origin' });
    if (answer.status === 401) over();
    else if (answer.ok) tell(await answer.json());
  } catch { /* no network for now: it is asked again */ }
};
const askNowAndThen = () => { asking ||= setInterval(ask, ASK_EVERY); };

const port = news.dataset.port;
const stream = new EventSource(port ? `${location.protocol}//${location.hostname}:${port}/alerts/stream` : '/alerts/stream', { withCredentials: true });
stream.addEventListener('alerts', (event) => { clearInterval(asking); asking = 0; tell(JSON.parse(event.data)); });
stream.addEventListener('over', () => { stream.close(); over(); });
stream.addEventListener('error', () => askNowAndThen());
