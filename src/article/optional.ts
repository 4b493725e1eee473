/** An object with the one property, or without it where there is no value: for properties that are absent, not undefined. */
export function optional<Name extends string, T>(name: Name, value: T | undefined): { [name in Name]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { [name in Name]?: T }
}
