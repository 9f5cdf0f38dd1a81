[Migration(20240101000000)]
public class CreateUsers : Migration { }
