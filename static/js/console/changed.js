// Whether a field of a form holds something else than the server put there.
export const isTicked = (field) => field.type === "checkbox" || field.type === "radio";

export function isChanged(field) {
  if (isTicked(field)) return field.checked !== field.defaultChecked;
  if (field.type === "select-one" && ![...field.options].some((option) => option.defaultSelected))
    return field.selectedIndex > 0;
  if (field.options) return [...field.options].some((option) => option.selected !== option.defaultSelected);
  return field.value !== field.defaultValue;
}
