-- Who owes how much on {{ ds }}. A table of yours would stand here.
with users (name, email, amount) as (
  values ('Ann', 'ann@example.com', 120), ('Bob', 'bob@example.com', 20), ('Eve', 'eve@example.com', 80)
)
select name, email, amount from users order by name
