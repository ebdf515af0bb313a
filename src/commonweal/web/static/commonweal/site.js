// Hands the page to the NHS.UK components (menu, error summary, password field). Every page also works without.
import { initAll } from '../nhsuk/nhsuk-frontend.min.js';

document.body.classList.add('js-enabled', 'nhsuk-frontend-supported');
initAll();
