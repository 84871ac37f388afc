// What a person typed into a form: the name under which it is kept, what is kept of each field, and what takes it back.
import { isChanged, isTicked } from "./changed.js";

const texts = document.querySelector("[data-kept-notices]");
export const forms = () => [...document.querySelectorAll("form[data-kept]")];

// Fields without a value of their own that a person types: those are kept nowhere.
const NOT_KEPT = new Set(["hidden", "password", "file", "submit", "button", "reset", "fieldset", "output"]);
// Nor is an answer to a question that only this page asks: which of two values is saved.
const isKept = (field) => field.name && !NOT_KEPT.has(field.type) && !field.name.startsWith("choice-of-");
export const fieldsOf = (form) => [...form.elements].filter(isKept);

// The server says so of a form that it has refused: all that was typed stands in it as if it were stored.
export const isRefused = (form) => "unsaved" in form.dataset;
export const isUnsaved = (form) => isRefused(form) || fieldsOf(form).some(isChanged);

// All names of this account and page begin with this.
export const pageName = () => `${texts.dataset.account}:${location.pathname}${location.search}:`;

// The name under which a form's text is kept: its page, where it is sent, and which of those it is.
export function nameOf(form) {
  const to = (other) => new URL(other.getAttribute("action") ?? "", location.href).pathname;
  const alike = forms().filter((other) => to(other) === to(form));
  // Other forms may be gone when it is looked for, so its place among them is the last resort.
  return `${pageName()}${to(form)}:${form.id || form.elements.save?.value || alike.indexOf(form)}`;
}

const plain = (part) => part?.textContent.replace(/\s+/g, " ").trim();

// A field's value, and the words in which it can be shown once the field is gone.
function typedInto(field) {
  const label = plain(field.labels?.[0]) || field.getAttribute("aria-label") || field.name;
  if (isTicked(field)) {
    const group = plain(field.closest("fieldset")?.querySelector("legend"));
    return { name: field.name, value: field.value, checked: field.checked, label: group || label, shown: label };
  }
  const shown = field.selectedOptions ? [...field.selectedOptions].map(plain).join(", ") : field.value;
  return { name: field.name, value: field.value, label, shown };
}

const isSameField = (one, other) => one.name === other.name && (one.checked === undefined || one.value === other.value);

export const typedIn = (form) =>
  fieldsOf(form)
    .filter((field) => isRefused(form) || isChanged(field))
    .map(typedInto);

// What is kept while something is still offered: both, and in the same field what was typed last.
export function withOffered(found, kept) {
  if (!kept) return found;
  const isTyped = (one) => kept.fields.some((other) => isSameField(other, one));
  const names = new Set(kept.fields.map((one) => one.name));
  const wholes = [
    found.whole?.filter(([name]) => !names.has(name)),
    kept.whole?.filter(([name]) => !found.whole || names.has(name)),
  ];
  return {
    version: found.version,
    fields: [...found.fields.filter((one) => !isTyped(one)), ...kept.fields],
    whole: found.whole || kept.whole ? wholes.flatMap((whole) => whole ?? []) : null,
  };
}

// The field that takes what is kept; none if it is gone, is out of use or no longer has this choice.
export function fieldOf(form, kept) {
  const isOfMany = kept.checked !== undefined;
  const isThere = (field) => field.name === kept.name && (!isOfMany || field.value === kept.value);
  const field = fieldsOf(form).find(isThere);
  const takes = !field?.options || [...field.options].some((option) => option.value === kept.value);
  return field && takes && !field.matches(":disabled") ? field : null;
}

export const differs = (form, kept) => {
  const field = fieldOf(form, kept);
  return field && (kept.checked === undefined ? field.value !== kept.value : field.checked !== kept.checked);
};

// Whether nobody could type it again from memory: the field is gone, and what was typed there was more than nothing.
export const isLost = (form, kept) => !(form && fieldOf(form, kept)) && (kept.checked ?? kept.value.trim() !== "");
