// What a page does in the browser beside htmx. Plain JavaScript: it is served as it is.

// A form that cannot be undone asks first, in the words of its button's `data-confirm`.
document.addEventListener('submit', (event) => {
  const question = event.submitter?.dataset.confirm;
  if (question !== undefined && !window.confirm(question)) event.preventDefault();
});
