env "local" {}
