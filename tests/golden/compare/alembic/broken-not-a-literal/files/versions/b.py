revision = 'b'
down_revision = compute()
