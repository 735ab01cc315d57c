// What a page does in the browser beside htmx. Plain JavaScript: it is served as it is.

// A form that cannot be undone asks first, in the words of its button's `data-confirm`.
document.addEventListener('submit', (event) => {
  const question = event.submitter?.dataset.confirm;
  if (question !== undefined && !window.confirm(question)) event.preventDefault();
});

// What the page Now says of its connection. htmx's extension opens it anew by itself, and each begins with the whole list.
const say = (which) => {
  const link = document.getElementById('link');
  if (link) link.textContent = link.dataset[which];
};
document.addEventListener('htmx:sseOpen', () => say('live'));
document.addEventListener('htmx:sseError', () => say('lost'));
