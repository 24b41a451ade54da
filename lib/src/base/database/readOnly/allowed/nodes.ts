/** Nodes of PostgreSQL's parse tree that a query may contain; any other is refused, also those that later versions add. */
export const ALLOWED_NODES: ReadonlySet<string> = new Set(
  `A_ArrayExpr A_Const A_Expr A_Indices A_Indirection A_Star BitString BoolExpr Boolean BooleanTest CaseExpr CaseWhen CoalesceExpr
  CollateClause ColumnDef ColumnRef CommonTableExpr Float FuncCall GroupingFunc GroupingSet Integer JoinExpr JsonArgument JsonArrayAgg
  JsonArrayConstructor JsonArrayQueryConstructor JsonFuncExpr JsonIsPredicate JsonKeyValue JsonObjectAgg JsonObjectConstructor
  JsonParseExpr JsonScalarExpr JsonSerializeExpr JsonTable JsonTableColumn JsonTablePathSpec JsonValueExpr List MinMaxExpr
  NamedArgExpr NullTest RangeFunction RangeSubselect RangeTableSample RangeVar ResTarget RowExpr SelectStmt SortBy SQLValueFunction
  String SubLink TypeCast TypeName WindowDef`.split(/\s+/),
)

/** The reason why a node is refused, and the alternative. */
export const REFUSED_NODES: Readonly<Record<string, string>> = {
  CurrentOfExpr: 'there is no cursor; compare columns',
  DeleteStmt: 'DELETE changes data; only reading is allowed',
  InsertStmt: 'INSERT changes data; only reading is allowed',
  LockingClause: 'FOR UPDATE and FOR SHARE lock rows; leave the clause out',
  MergeStmt: 'MERGE changes data; only reading is allowed',
  ParamRef: 'a parameter has no value; write the value into the query',
  RangeTableFunc: 'XMLTABLE is not allowed; read JSON by JSON_TABLE or jsonb_to_recordset',
  UpdateStmt: 'UPDATE changes data; only reading is allowed',
  XmlExpr: 'XML is not allowed; use JSON',
  XmlSerialize: 'XML is not allowed; use JSON',
}
