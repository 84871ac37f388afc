// A sign-in in another tab replaces the CSRF token that a form was loaded with; the cookie has the current one.
export function renewToken(form) {
  const token = /(?:^|; )(?:__Host-)?csrftoken=([^;]+)/.exec(document.cookie)?.[1];
  if (token) form.elements.csrfmiddlewaretoken.value = token;
}
