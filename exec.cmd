@rem The scripts of package.json begin with exec, so that npm is the parent of Node and hands signals on; cmd has none.
@%*
