/** Small drawings beside words; they say nothing that the words do not. */
const drawings = {
  app: 'M7 2.5h10A1.5 1.5 0 0 1 18.5 4v16a1.5 1.5 0 0 1-1.5 1.5H7A1.5 1.5 0 0 1 5.5 20V4A1.5 1.5 0 0 1 7 2.5zM10.5 18.5h3M12 6.5v4l2.5 1.5',
  token:
    'M5 7.5h14a2.5 2.5 0 0 1 2.5 2.5v4a2.5 2.5 0 0 1-2.5 2.5H5A2.5 2.5 0 0 1 2.5 14v-4A2.5 2.5 0 0 1 5 7.5zM6 10.5h8v3H6zM17.5 12h.5',
  key: 'M8.5 8a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM12.5 11.5H21.5M18.5 11.5V15M8.5 12.5h.01',
  recovery:
    'M6 2.5h12A1.5 1.5 0 0 1 19.5 4v16a1.5 1.5 0 0 1-1.5 1.5H6A1.5 1.5 0 0 1 4.5 20V4A1.5 1.5 0 0 1 6 2.5zM8 7.5h8M8 12h8M8 16.5h5',
  bypass:
    'M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM12 8.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM5.6 5.6l3.9 3.9M14.5 14.5l3.9 3.9M18.4 5.6l-3.9 3.9M9.5 14.5l-3.9 3.9',
  phone:
    'M4 4.5h16A1.5 1.5 0 0 1 21.5 6v9.5A1.5 1.5 0 0 1 20 17h-8l-4.5 3.5V17H4a1.5 1.5 0 0 1-1.5-1.5V6A1.5 1.5 0 0 1 4 4.5zM7 9h10M7 12.5h6',
} as const;

export function Icon({ name }: { readonly name: keyof typeof drawings }) {
  return (
    <svg viewBox="0 0 24 24" width="24" height="24" class="icon" aria-hidden="true">
      <path d={drawings[name]} />
    </svg>
  );
}
